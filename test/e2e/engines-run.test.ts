import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ENGINES } from "../../packages/packager/src/image/engines/all.ts";
import { bentoTs, run } from "../support/cli.ts";
import { engineVariables, removeStores } from "../support/engine-variants.ts";
import { grpcClient } from "../support/grpc-client.ts";
import { CONSENTS, HARDENED } from "../support/hardened.ts";
import { describeWith } from "../support/needs.ts";
import { eventually, root } from "../support/server-process.ts";

// Whole images are built, brought to another engine and run with half of a CPU.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const EXAMPLES = `${root}examples/boston/examples`;
/** The other engines look for a name without a host in registries. */
const BASE = "localhost/bento-engines-run-base:1";

describeWith(["docker with a base image", "podman", "buildah"], "images that were built without Docker", () => {
  const temp = mkdtempSync(join(tmpdir(), "bento-engines-run-"));
  const docker = async (...args: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await run("docker", args);
    expect([exitCode, exitCode === 0 ? "" : stderr]).toEqual([0, ""]);
    return stdout.trim();
  };
  beforeAll(async () => {
    await docker("tag", "bento-base:bookworm", BASE);
    await docker("save", "-o", join(temp, "base.tar"), BASE);
    await docker("rmi", BASE);
  });
  afterAll(() => removeStores(temp));

  describe.each(["podman", "buildah"] as const)("%s", (builder) => {
    it("answers REST and gRPC, has probes and metrics, and ends in order, run by Docker as strictly as a cluster would", async () => {
      const env = engineVariables(builder, temp);
      expect(await run(builder, ENGINES[builder].load(join(temp, "base.tar")), env)).toMatchObject({ exitCode: 0 });
      const tag = `localhost/bento-engines-run:${builder}`;
      const archive = join(temp, `${builder}.tar`);
      const flags = ["--builder", builder, "--base-image", BASE, "-t", tag, "-o", archive];
      const built = await bentoTs(["build", `${root}examples/boston`, ...flags], { ...env, BENTO_HOME: temp });
      expect([built.exitCode, built.exitCode === 0 ? "" : built.stderr]).toEqual([0, ""]);
      await docker("load", "--input", archive);
      const ports = [3000, 3001, 3002].flatMap((port) => ["-p", `127.0.0.1::${port}`]);
      const id = await docker(
        "run",
        "--detach",
        ...HARDENED,
        ...ports,
        ...CONSENTS,
        "-e",
        "BENTO_SERVER_DRAIN_DELAY=0s",
        tag,
      );
      try {
        const addressOf = async (port: number): Promise<string> =>
          (await docker("port", id, `${port}/tcp`)).split("\n")[0] ?? "";
        const [url, admin] = [`http://${await addressOf(3000)}`, `http://${await addressOf(3002)}`];
        await eventually(async () => ((await fetch(`${url}/readyz`)).status === 200 ? true : undefined), 120_000);
        const answer = await fetch(`${url}/score`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: readFileSync(join(EXAMPLES, "boston10.json")),
        });
        const golden = JSON.parse(readFileSync(join(EXAMPLES, "boston10.out.json"), "utf8")) as readonly number[];
        // 1e-3: the tolerance that the example states.
        expect(await answer.json()).toEqual(golden.map((price) => expect.closeTo(price, 3) as number));
        const client = grpcClient(await addressOf(3001), "open_inference.proto", "inference.GRPCInferenceService");
        expect(await client.call("ServerReady", [{}])).toMatchObject({ code: 0, messages: [{ ready: true }] });
        client.close();
        expect((await fetch(`${admin}/healthz`)).status).toBe(200);
        expect(await (await fetch(`${admin}/metrics`)).text()).toMatch(/^bento_ready 1$/m);
        await docker("kill", "--signal", "TERM", id);
        expect(await docker("wait", id)).toBe("0");
      } finally {
        await run("docker", ["rm", "--force", id]);
        await run("docker", ["rmi", "--force", tag]);
      }
    });
  });
});
