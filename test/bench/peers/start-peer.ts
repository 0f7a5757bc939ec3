import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually, root } from "../../support/server-process.ts";
import { familyOf } from "../process-figures.ts";
import type { BenchServer } from "../servers.ts";
import type { Peer } from "./peers.ts";

const START_MS = 90_000;
const STOP_MS = 15_000;

/** Starts a server of others and waits until it answers a call with the right numbers. Rejects with the reason when it is not installed or does not come up. */
export async function startPeer(peer: Peer): Promise<BenchServer> {
  const folder = join(root, "test/bench/peers", peer.folder);
  const venv = venvOf(peer.folder);
  const scratch = mkdtempSync(join(tmpdir(), "bento-peer-"));
  const ports = { http: await freePort(), grpc: await freePort(), metrics: await freePort(), scratch };
  const [program = "", ...args] = peer.command(ports);
  const child = spawn(join(venv, "bin", program), args, {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    // Nothing of it is written into the checkout, and nothing is told to anybody.
    env: {
      ...process.env,
      PATH: `${join(venv, "bin")}:${process.env["PATH"]}`,
      PYTHONDONTWRITEBYTECODE: "1",
      MODEL: `${root}test/models/mlp-small.onnx`,
      ...peer.env?.(ports),
    },
  });
  let output = "";
  const read = (chunk: Buffer): void => void (output = (output + chunk.toString()).slice(-2_000));
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  const exited = once(child, "exit");
  const pid = child.pid ?? 0;
  const stop = async (): Promise<void> => {
    const family = familyOf(pid);
    child.kill("SIGTERM");
    // Some leave children behind, which would hold the pipes open.
    await Promise.race([exited, sleep(STOP_MS, undefined, { ref: false })]);
    for (const member of family) endNow(member);
    child.stdout.destroy();
    child.stderr.destroy();
    rmSync(scratch, { recursive: true, force: true });
  };
  const probe = async (): Promise<boolean | undefined> =>
    child.exitCode === null && child.signalCode === null ? answersRight(peer, ports.http) : false;
  if (!(await eventually(probe, START_MS).catch(() => false))) {
    await stop();
    throw new Error(`did not answer:\n${output}`);
  }
  return { pid, port: ports.http, adminPort: ports.http, grpcPort: ports.grpc, stop };
}

/** The exact version that is installed. */
export function versionOf(folder: string, name: string): string {
  const lines = requirementsOf(folder).toString().split("\n");
  return lines.find((line) => line.startsWith(`${name}==`))?.slice(name.length + 2) ?? "unknown";
}

function venvOf(folder: string): string {
  const dir = join(process.env["BENTO_CACHE"] ?? join(homedir(), ".cache/bento-ts"), "peers", folder);
  const wanted = createHash("sha256").update(requirementsOf(folder)).digest("hex");
  let installed: string;
  try {
    installed = readFileSync(join(dir, "installed"), "utf8").trim();
  } catch {
    throw new Error("not installed: run scripts/install-peers.sh");
  }
  if (installed !== wanted) throw new Error("installed in other versions: run scripts/install-peers.sh");
  return join(dir, "venv");
}

function requirementsOf(folder: string): Buffer {
  return readFileSync(join(root, "test/bench/peers", folder, "requirements.txt"));
}

/** The first of the three probabilities of the row that is sent, by test/models/mlp-small: what each server must answer. */
const EXPECTED = "0.96838";

async function answersRight({ path, body }: Peer, port: number): Promise<true | undefined> {
  const headers = { "content-type": "application/json" };
  const reply = await fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", headers, body });
  return reply.status === 200 && (await reply.text()).includes(EXPECTED) ? true : undefined;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

function endNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
