import { expect, it } from "vitest";
import { failureReason } from "./failure-reason.ts";

const STEP =
  "apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends absent && rm -rf /var/lib/apt/lists/*";
const FETCH = "http://127.0.0.1:1/./InRelease  Could not connect to 127.0.0.1:1 (127.0.0.1). - connect (111: refused)";

it.each([
  [
    "the classic builder in colours",
    `Building dependency tree...\n\u{1b}[91mE: \u{1b}[0m\u{1b}[91mUnable to locate package absent\u{1b}[0m\u{1b}[91m\n\u{1b}[0mRemoving intermediate container 6941af497be8\nThe command '/bin/sh -c ${STEP}' returned a non-zero code: 100\n`,
  ],
  [
    "BuildKit",
    `#4 0.272 E: Unable to locate package absent\n#4 ERROR: executor failed running [/bin/sh -c ${STEP}]: exit code: 100\n------\nexecutor failed running [/bin/sh -c ${STEP}]: exit code: 100\n`,
  ],
  [
    "the classic builder, behind apt's progress",
    `Building dependency tree...\u{1b}[91mE: Unable to locate package absent\n\u{1b}[0m\nRemoving intermediate container 9c3bdfcf2a68\nThe command '/bin/sh -c ${STEP}' returned a non-zero code: 100\n`,
  ],
  [
    "the classic builder, with apt's progress within its error",
    `Building dependency tree...E: Reading state information...\nUnable to locate package absent\nThe command '/bin/sh -c ${STEP}' returned a non-zero code: 100\n`,
  ],
  [
    "the classic builder, with apt's progress behind its error",
    `E: Unable to locate package absentReading state information... Done\n\nThe command '/bin/sh -c ${STEP}' returned a non-zero code: 100\n`,
  ],
  [
    "BuildKit, behind apt's progress",
    `#4 0.272 Building dependency tree...E: Unable to locate package absent\n#4 ERROR: executor failed running [/bin/sh -c ${STEP}]: exit code: 100\n------\nexecutor failed running [/bin/sh -c ${STEP}]: exit code: 100\n`,
  ],
  [
    "podman",
    `E: Unable to locate package absent\nError: building at STEP "RUN ${STEP}": while running runtime: exit status 100\n`,
  ],
])("tells what apt does not find: %s", (_, output) => {
  expect(failureReason(output)).toBe(
    'apt-get says "Unable to locate package absent": check image.packages and the base\'s apt sources',
  );
});

it("tells that a mirror can't be reached, not that its packages are missing", () => {
  const output = `W: Failed to fetch ${FETCH}\nE: Unable to locate package absent\nThe command '/bin/sh -c ${STEP}' returned a non-zero code: 100`;
  expect(failureReason(output)).toBe(
    `apt-get can't fetch ${FETCH.replace("  ", " ")}: check the base's apt sources, and whether the build needs --network host`,
  );
});

it("takes apt's words for the reason only where packages are installed", () => {
  const output = 'E: Unable to locate package absent\nError: building at STEP "RUN ./setup.sh": exit status 1\nadvice';
  expect(failureReason(output)).toBe('building at STEP "RUN ./setup.sh": exit status 1');
});
