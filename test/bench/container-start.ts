// Time from `docker run` to the first answer: an image of examples/boston beside the bare handler in the same image, in turns.
//   node test/bench/container-start.ts [rounds]      needs Docker with bento-base:bookworm, as scripts/base-image.sh makes it
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { bentoTs, run } from "../support/cli.ts";
import { CONSENTS, HARDENED } from "../support/hardened.ts";
import { root } from "../support/server-process.ts";
import { printRows, pairedRow } from "./rows.ts";

const TAG = "bento-bench/boston:1";
const rounds = Number(process.argv[2] ?? 7);
const body = readFileSync(`${root}examples/boston/examples/boston10.json`);
const home = mkdtempSync(join(tmpdir(), "bento-container-start-"));

try {
  const flags = ["--builder", "docker", "--base-image", "bento-base:bookworm", "-t", TAG, "--json"];
  const built = await bentoTs(["build", `${root}examples/boston`, ...flags], { BENTO_HOME: home });
  if (built.exitCode !== 0) throw new Error(built.stderr);
  const { bento } = JSON.parse(built.stdout) as { readonly bento: { readonly models: readonly { path: string }[] } };
  const model = `/app/${bento.models[0]?.path ?? ""}`;
  const rows = [];
  for (const cpus of ["0.5", "2"]) {
    const bare: number[] = [];
    const ours: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      bare.push(await timeBare(cpus, model));
      ours.push(await timeOurs(cpus));
    }
    const labels = { unit: "ms", target: "≤ 1.5 ×" };
    rows.push(pairedRow({ name: `docker run to first answer, ${cpus} CPUs`, ...labels }, bare, ours));
  }
  printRows(rows);
} finally {
  await run("docker", ["rmi", "--force", TAG]);
  rmSync(home, { recursive: true, force: true });
}

/** The bare handler gets the service's own Node and packages, and its model. */
async function timeBare(cpus: string, model: string): Promise<number> {
  const mount = [
    "-v",
    `${root}test/bench/bare-server.mjs:/app/bare-server.mjs:ro`,
    "--entrypoint",
    "/usr/local/bin/node",
  ];
  const port = await freePort();
  return timed(cpus, port, [...mount, "-e", `PORT=${port}`], ["/app/bare-server.mjs", model, "0", "frame"]);
}

async function timeOurs(cpus: string): Promise<number> {
  const [port, grpcPort, adminPort] = [await freePort(), await freePort(), await freePort()];
  const ports = { PORT: port, GRPC_PORT: grpcPort, ADMIN_PORT: adminPort, DRAIN_DELAY: "0s" };
  const settings = Object.entries(ports).flatMap(([name, value]) => ["-e", `BENTO_SERVER_${name}=${value}`]);
  return timed(cpus, port, [...CONSENTS, ...settings], []);
}

/** Milliseconds until the answer of a container that is started for it. */
async function timed(cpus: string, port: number, flags: readonly string[], args: readonly string[]): Promise<number> {
  const limits = HARDENED.map((flag, at) => (HARDENED[at - 1] === "--cpus" ? cpus : flag));
  const started = performance.now();
  const { exitCode, stdout, stderr } = await run("docker", [
    "run",
    "--detach",
    "--network",
    "host",
    ...limits,
    ...flags,
    TAG,
    ...args,
  ]);
  if (exitCode !== 0) throw new Error(stderr);
  try {
    while (!(await answers(port))) {
      if (performance.now() - started > 120_000) throw new Error((await run("docker", ["logs", stdout.trim()])).stderr);
      await delay(10);
    }
    return performance.now() - started;
  } finally {
    await run("docker", ["rm", "--force", stdout.trim()]);
  }
}

async function answers(port: number): Promise<boolean> {
  try {
    const headers = { "content-type": "application/json" };
    return (await fetch(`http://127.0.0.1:${port}/score`, { method: "POST", headers, body })).status === 200;
  } catch {
    // It does not listen yet.
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}
