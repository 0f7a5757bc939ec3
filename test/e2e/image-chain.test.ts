import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MadeImage } from "@bento-ts/packager";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { grpcClient } from "../support/grpc-client.ts";
import { HARDENED } from "../support/hardened.ts";
import { describeWith } from "../support/needs.ts";
import { startRegistry, type RegistryProcess } from "../support/registry.ts";
import { bentoTs, type CommandResult, run } from "../support/run-command.ts";
import { eventually, root } from "../support/server-process.ts";

// An image is built, pushed, pulled and run with half of a CPU.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 300_000 });

const EXAMPLES = `${root}examples/boston/examples`;
/** As a strict cluster would run it: no way to write but /tmp, no capability, a user id that no image knows, half of a CPU. */
const KEYS = "/run/secrets/keys/keys.jsonl";
/** Who may call is said from outside, beside the image. */
const SETTINGS = {
  BENTO_SECURITY_API_KEYS_FILE: KEYS,
  BENTO_SECURITY_ALLOW_INSECURE_CONNECTIONS: "true",
  BENTO_SECURITY_AUTHORIZATION_FUNCTIONS: JSON.stringify({ score: { allow: [{ groups: ["analysts"] }] } }),
  BENTO_SERVER_DRAIN_DELAY: "0s",
};

describeWith("docker with a base image", "the whole chain", () => {
  describeWith("docker-registry", "from a project to a container that was pulled by digest", () => {
    let dir: string;
    let registry: RegistryProcess;
    let pulled: string;
    let id: string;
    let key: string;
    const docker = async (...args: readonly string[]): Promise<string> => done(run("docker", args));
    async function done(finished: Promise<CommandResult>): Promise<string> {
      const { code, stdout, stderr } = await finished;
      expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
      return stdout.trim();
    }
    const addressOf = async (port: number): Promise<string> =>
      (await docker("port", id, `${port}/tcp`)).split("\n")[0] ?? "";

    beforeAll(async () => {
      dir = mkdtempSync(join(tmpdir(), "bento-chain-"));
      registry = await startRegistry();
      // The base comes from the registry as well, as it does in a company.
      const base = `${registry.host}/bases/debian:12-small`;
      await docker("tag", "bento-base:bookworm", base);
      await docker("push", base);
      await docker("rmi", base);

      const env = { BENTO_HOME: join(dir, "home") };
      const name = `${registry.host}/models/boston:1`;
      const flags = ["--builder", "oci", "--base-image", base, "-t", name, "--push", "--json"];
      const { image } = JSON.parse(await done(bentoTs(["build", `${root}examples/boston`, ...flags], { env }))) as {
        readonly image: MadeImage;
      };
      pulled = `${registry.host}/models/boston@${image.digest ?? ""}`;
      await docker("pull", pulled);

      const file = join(dir, "keys.jsonl");
      const made = await bentoTs([
        "keys",
        "new",
        "--file",
        file,
        "--owner",
        "r-scripts",
        "--group",
        "analysts",
        "--json",
      ]);
      key = (JSON.parse(await done(Promise.resolve(made))) as { readonly key: string }).key;
      chmodSync(file, 0o644);
      const settings = Object.entries(SETTINGS).flatMap(([variable, value]) => ["-e", `${variable}=${value}`]);
      const ports = [3000, 3001, 3002].flatMap((port) => ["-p", `127.0.0.1::${port}`]);
      const mounts = ["-v", `${file}:${KEYS}:ro`];
      id = await docker("run", "--detach", ...HARDENED, ...ports, ...mounts, ...settings, pulled);
      const url = await addressOf(3000);
      await eventually(async () => ((await fetch(`http://${url}/readyz`)).status === 200 ? true : undefined), 120_000);
    });
    afterAll(async () => {
      await run("docker", ["rm", "--force", id]);
      await run("docker", ["rmi", "--force", pulled]);
      await registry.stop();
      rmSync(dir, { recursive: true, force: true });
    });

    const score = async (headers: Readonly<Record<string, string>>): Promise<Response> =>
      fetch(`http://${await addressOf(3000)}/score`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: readFileSync(join(EXAMPLES, "boston10.json")),
      });
    const golden = (): readonly number[] =>
      JSON.parse(readFileSync(join(EXAMPLES, "boston10.out.json"), "utf8")) as readonly number[];

    it("answers REST with the golden prices, to who has a key", async () => {
      const reply = await score({ "x-api-key": key });
      expect(reply.status).toBe(200);
      // 1e-3: the tolerance that the example states.
      expect(await reply.json()).toEqual(golden().map((price) => expect.closeTo(price, 3) as number));
      expect((await score({})).status).toBe(401);
      expect((await score({ "x-api-key": `${key}x` })).status).toBe(401);
    });

    it("answers gRPC with the same prices, to who has a key", async () => {
      const client = grpcClient(await addressOf(3001), "open_inference.proto", "inference.GRPCInferenceService");
      const { df } = JSON.parse(readFileSync(join(EXAMPLES, "boston10.json"), "utf8")) as {
        readonly df: readonly Readonly<Record<string, number>>[];
      };
      const inputs = Object.keys(df[0] ?? {}).map((name) => ({
        name,
        datatype: "FP64",
        shape: [df.length],
        contents: { fp64_contents: df.map((row) => row[name]) },
      }));
      const request = { model_name: "score", inputs };
      const { code, messages } = await client.call<{
        readonly outputs: readonly { readonly contents: { readonly bytes_contents: readonly Buffer[] } }[];
      }>("ModelInfer", [request], { metadata: { "x-api-key": key } });
      expect(code).toBe(0);
      const [text] = messages[0]?.outputs[0]?.contents.bytes_contents ?? [];
      expect(JSON.parse(String(text))).toEqual(golden().map((price) => expect.closeTo(price, 3) as number));
      // UNAUTHENTICATED. Source: google.rpc.Code.
      expect((await client.call("ModelInfer", [request])).code).toBe(16);
      client.close();
    });

    it("has as many workers and threads as half of a CPU gives, and probes and metrics that need no key", async () => {
      const admin = `http://${await addressOf(3002)}`;
      for (const url of [`${admin}/healthz`, `${admin}/readyz`, `http://${await addressOf(3000)}/healthz`]) {
        expect((await fetch(url)).status).toBe(200);
      }
      const metrics = await (await fetch(`${admin}/metrics`)).text();
      expect(metrics).toMatch(/^bento_ready 1$/m);
      expect(metrics).toMatch(/^bento_workers\{phase="ready"\} 1$/m);
    });

    it("is inspected and tested by its name, in a container of its own", async () => {
      expect(await done(bentoTs(["test", pulled]))).toMatch(/2 ok, 0 failed$/);
      expect(JSON.parse(await done(bentoTs(["inspect", pulled, "--json"])))).toMatchObject({
        kind: "image",
        user: "65532:0",
        repoDigests: [pulled],
        bento: { definition: { name: "boston", version: "1.4.0" } },
      });
    });

    it("ends in order on SIGTERM", async () => {
      await docker("kill", "--signal", "TERM", id);
      expect(await docker("wait", id)).toBe("0");
    });
  });
});
