import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { grpcClient, type GrpcTestClient } from "../support/grpc-client.ts";
import { describeWith } from "../support/needs.ts";
import { bentoTs } from "../support/run-command.ts";
import { root, serve, type ServerProcess } from "../support/server-process.ts";

// A network computes twenty minutes of sound.
vi.setConfig({ testTimeout: 420_000, hookTimeout: 120_000 });

const SAMPLES = 43_844;
const WINDOWS = 598;
/** 104.9 MB. */
const PAYLOAD_BYTES = WINDOWS * SAMPLES * 4;

describeWith(["native tensorflow", "notes model"], "examples/pitch over gRPC", () => {
  const home = mkdtempSync(join(tmpdir(), "bento-pitch-"));
  let server: ServerProcess;
  let client: GrpcTestClient;
  let token: string;
  const sound = Buffer.alloc(PAYLOAD_BYTES);
  const request = { input: { shape: [WINDOWS, SAMPLES, 1], data: sound } };

  beforeAll(async () => {
    const samples = new Float32Array(sound.buffer, sound.byteOffset, WINDOWS * SAMPLES);
    for (let at = 0; at < samples.length; at++) samples[at] = Math.sin((2 * Math.PI * 440 * at) / 22_050);
    server = await serve(`${root}examples/pitch`, {
      flags: ["--workers", "1", "--grpc-port", "0", "--dev-idp"],
    });
    const told = await bentoTs(["token", "--group", "musicians"]);
    token = told.stdout.trim();
    const proto = join(home, "pitch.proto");
    writeFileSync(proto, (await bentoTs(["proto", `${root}examples/pitch`])).stdout);
    client = grpcClient(server.grpcAddress, proto, "bento.pitch.v1.Pitch");
  });
  afterAll(async () => {
    client.close();
    await server.stop();
    rmSync(home, { recursive: true });
  });

  /** The worker's peak of memory so far, in bytes. Source: proc(5), VmHWM. */
  const peakBytes = async (): Promise<number> => {
    const told = await (await fetch(`${server.adminUrl}/readyz?verbose`)).text();
    const pid = /"workers":\[\{"id":0,"pid":(\d+)/.exec(told)?.[1] ?? "";
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
  };

  it("refuses 100 MB with a bad token, and does not keep them", async () => {
    const before = await peakBytes();
    const { code } = await client.call("Activations", [request], { metadata: { authorization: "Bearer nobody" } });
    expect(code).toBe(status.UNAUTHENTICATED);
    // A message that was read would be there whole.
    expect((await peakBytes()) - before).toBeLessThan(PAYLOAD_BYTES / 2);
  });

  it("answers 100 MB with a token by a stream that is larger, within four times that memory, while probes are answered", async () => {
    const before = await peakBytes();
    let answeredBytes = 0;
    let windows = 0;
    let probes = 0;
    const ended = new AbortController();
    const probing = (async (): Promise<void> => {
      while (!ended.signal.aborted) {
        expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
        probes += 1;
        await delay(50);
      }
    })();
    const onMessage = (
      message: Readonly<Record<"contour" | "note" | "onset", { shape: string[]; data: Buffer }>>,
    ): void => {
      windows += Number(message.note.shape[0]);
      for (const { data } of Object.values(message)) answeredBytes += data.length;
    };
    const { code, details } = await client.call("Activations", [request], {
      metadata: { authorization: `Bearer ${token}` },
      onMessage,
    });
    ended.abort();
    await probing;
    expect({ code, details, windows }).toEqual({ code: status.OK, details: "", windows: WINDOWS });
    // 172 frames of 264 + 88 + 88 floats.
    expect(answeredBytes).toBe(WINDOWS * 172 * 440 * 4);
    expect(probes).toBeGreaterThan(10);
    const growth = (await peakBytes()) - before;
    process.stdout.write(`104.9 MB in one call: peak memory grew by ${(growth / PAYLOAD_BYTES).toFixed(2)} × of it\n`);
    expect(growth).toBeLessThan(4 * PAYLOAD_BYTES);
  });
});
