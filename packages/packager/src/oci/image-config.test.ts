import { describe, expect, it } from "vitest";
import { PLAIN_FACTS } from "../image/image-facts.fixture.ts";
import { planImage } from "../image/image-plan.ts";
import { imageConfig } from "./image-config.ts";
import type { OciConfig } from "./types.ts";

const digest = (char: string): string => `sha256:${char.repeat(64)}`;
const layer = (name: string, diffId: string) => ({
  name,
  descriptor: { mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: digest("0"), size: 1 },
  diffId,
  bytes: 1,
  isReused: false,
});
const plan = planImage({ ...PLAIN_FACTS, env: { LANG: "C.UTF-8" } });
const base: OciConfig = {
  architecture: "arm64",
  variant: "v8",
  os: "linux",
  config: {
    Env: ["PATH=/usr/bin", "LANG=de_DE", "HOME=/root"],
    Cmd: ["bash"],
    Entrypoint: ["/sh"],
    User: "root",
    Labels: { "org.opencontainers.image.title": "debian", base: "yes" },
    ExposedPorts: { "80/tcp": {} },
  },
  rootfs: { type: "layers", diff_ids: [digest("a"), digest("b")] },
  history: [{ created_by: "one" }, { created_by: "nothing", empty_layer: true }],
};

describe("imageConfig", () => {
  const made = imageConfig(plan, { base, layers: [layer("node", digest("c"))], created: "1970-01-01T00:00:00Z" });

  it("stacks its layers on those of the base, with as many entries of history as layers", () => {
    expect(made).toMatchObject({ architecture: "arm64", variant: "v8", os: "linux", created: "1970-01-01T00:00:00Z" });
    expect(made.rootfs).toEqual({ type: "layers", diff_ids: [digest("a"), digest("b"), digest("c")] });
    expect(made.history?.filter(({ empty_layer: isEmpty }) => isEmpty !== true)).toHaveLength(3);
  });

  it("adds variables, labels and ports to the base's, its own above them", () => {
    const { config = {} } = made;
    expect(config.Env).toEqual(
      expect.arrayContaining(["PATH=/usr/bin", "LANG=C.UTF-8", "HOME=/tmp", "NODE_ENV=production"]),
    );
    expect(config.Env?.filter((line) => /^(LANG|HOME)=/.test(line))).toHaveLength(2);
    expect(config.Labels).toMatchObject({ base: "yes", "org.opencontainers.image.title": "boston" });
    expect(Object.keys(config.ExposedPorts ?? {})).toEqual(["80/tcp", "3000/tcp", "3001/tcp", "3002/tcp"]);
  });

  it("has the plan's user, folder, command and check, in nanoseconds, and nothing of the base's command", () => {
    const { config = {} } = made;
    expect(config).toMatchObject({ User: "65532:0", WorkingDir: "/app", StopSignal: "SIGTERM" });
    expect(config.Entrypoint).toEqual(plan.entrypoint);
    expect(config).not.toHaveProperty("Cmd");
    expect(config.Healthcheck).toEqual({
      Test: ["CMD", ...plan.healthcheck.command],
      Interval: 30_000_000_000,
      Timeout: 5_000_000_000,
      StartPeriod: 60_000_000_000,
    });
  });
});
