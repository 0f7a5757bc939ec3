import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { findNativeTensorFlow } from "@bento-ts/runtime/tensorflow";
import { describe, it } from "vitest";

interface Need {
  readonly present: () => boolean;
  /** Command that brings it. */
  readonly command: string;
}

const IMAGE_TOOLS = "scripts/install-image-tools.sh";

/** What some tests need beyond Node and npm. */
const NEEDS = {
  "mounts of one's own": {
    present: () => succeeds("unshare", ["--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]),
    command: "run the tests as root",
  },
  docker: {
    present: () => succeeds("docker", ["info"]),
    command: 'scripts/docker.sh install && export "$(scripts/docker.sh start)" && scripts/base-image.sh',
  },
  "docker with a base image": {
    present: () => succeeds("docker", ["image", "inspect", "bento-base:bookworm"]),
    command: 'scripts/docker.sh install && export "$(scripts/docker.sh start)" && scripts/base-image.sh',
  },
  "docker with a base that has apt": {
    present: () => succeeds("docker", ["image", "inspect", "bento-base:bookworm-minbase"]),
    command: "scripts/base-image.sh --variant minbase",
  },
  "dpkg-deb": { present: () => succeeds("dpkg-deb", ["--version"]), command: "apt-get install dpkg" },
  chromium: { present: () => existsSync("/usr/bin/chromium"), command: "scripts/install-chromium.sh" },
  sslscan: { present: () => succeeds("sslscan", ["--version"]), command: "scripts/install-security-tools.sh" },
  // It has no word for its version that ends well.
  slowhttptest: { present: () => succeeds("which", ["slowhttptest"]), command: "scripts/install-security-tools.sh" },
  h2load: { present: () => succeeds("h2load", ["--version"]), command: "scripts/install-security-tools.sh" },
  h2spec: { present: () => succeeds(h2spec(), ["--version"]), command: "scripts/install-security-tools.sh" },
  // Making a process 1 needs rights that not every user has.
  unshare: {
    present: () => succeeds("unshare", ["--pid", "--fork", "true"]),
    command: "run the tests as root on Linux",
  },
  busybox: { present: () => succeeds("busybox", ["true"]), command: IMAGE_TOOLS },
  buildah: { present: () => succeeds("buildah", ["--version"]), command: IMAGE_TOOLS },
  podman: { present: () => succeeds("podman", ["--version"]), command: IMAGE_TOOLS },
  skopeo: { present: () => succeeds("skopeo", ["--version"]), command: IMAGE_TOOLS },
  umoci: { present: () => succeeds("umoci", ["--version"]), command: IMAGE_TOOLS },
  "docker-registry": { present: () => succeeds("docker-registry", ["--version"]), command: IMAGE_TOOLS },
  crane: { present: () => succeeds(imageTool("crane"), ["version"]), command: IMAGE_TOOLS },
  hadolint: { present: () => succeeds(imageTool("hadolint"), ["--version"]), command: IMAGE_TOOLS },
  syft: { present: () => succeeds(imageTool("syft"), ["version"]), command: IMAGE_TOOLS },
  "file-type model": {
    present: () => existsSync(join(filetypeModelDir(), "model.onnx")),
    command: "scripts/fetch-filetype-model.sh",
  },
  "notes model": {
    present: () => existsSync(join(pitchModelDir(), "nmp/saved_model.pb")),
    command: "scripts/fetch-pitch-model.sh",
  },
  "web notes model": {
    present: () => existsSync(join(cacheDir(), "models/pitch-web/model.json")),
    command: "scripts/fetch-pitch-web-model.sh",
  },
  "C++ compiler": { present: () => succeeds("g++", ["--version"]), command: "apt-get install g++" },
  "native tensorflow": { present: hasNativeTensorFlow, command: "scripts/install-tensorflow.sh" },
  "interop clients": {
    present: () => existsSync(join(interopDir(), "installed")),
    command: "scripts/install-interop-clients.sh",
  },
  // It mounts a small disk.
  root: { present: () => process.getuid?.() === 0, command: "run the tests as root" },
  "spdx-tools": {
    present: () => existsSync(join(sbomToolsDir(), "installed")),
    command: "scripts/install-sbom-tools.sh",
  },
} as const satisfies Record<string, Need>;

/** Folder into which scripts/install-interop-clients.sh puts its clients. */
export function interopDir(): string {
  return join(cacheDir(), "interop");
}

/** Folder into which scripts/install-sbom-tools.sh puts its tools. */
export function sbomToolsDir(): string {
  return join(cacheDir(), "sbom");
}

/** Where scripts/install-security-tools.sh puts h2spec. */
export function h2spec(): string {
  return join(cacheDir(), "h2spec/v2.2.1+incompatible/h2spec");
}

/** Where scripts/install-image-tools.sh puts what the system has no package of. */
export function imageTool(name: "crane" | "hadolint" | "syft"): string {
  return join(cacheDir(), "image-tools", name);
}

/** Folder into which scripts/fetch-filetype-model.sh puts the model. */
function filetypeModelDir(): string {
  return join(cacheDir(), "models/filetype");
}

/** Folder into which scripts/fetch-pitch-model.sh puts the model: `nmp/` as a SavedModel, `nmp.onnx`. */
export function pitchModelDir(): string {
  return join(cacheDir(), "models/pitch");
}

function hasNativeTensorFlow(): boolean {
  return findNativeTensorFlow(process.env) !== undefined;
}

function cacheDir(): string {
  return process.env["BENTO_CACHE"] ?? join(homedir(), ".cache/bento-ts");
}

type NeedName = keyof typeof NEEDS;

/**
 * A `describe` for tests that need something, or several things: absent, they are skipped with the reason and the command that brings it, and in CI that is a
 * failure.
 */
export function describeWith(needs: NeedName | readonly NeedName[], name: string, body: () => void): void {
  const missing = [needs].flat().find((need) => !NEEDS[need].present());
  if (missing === undefined) {
    describe(name, body);
    return;
  }
  const reason = `${missing} is missing, bring it with: ${NEEDS[missing].command}`;
  if (process.env["CI"] === "true") {
    it(name, () => {
      throw new Error(`${reason} (in CI this is a failure)`);
    });
    return;
  }
  describe.skip(`${name} [skipped: ${reason}]`, body);
}

function succeeds(file: string, args: readonly string[]): boolean {
  try {
    execFileSync(file, args, { stdio: "ignore", timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}
