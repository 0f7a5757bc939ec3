import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makeProject } from "../support/run-command.ts";
import { eventually, serve, type ServerProcess } from "../support/server-process.ts";

// Each test starts processes, and many share the machine.
vi.setConfig({ testTimeout: 120_000 });

/** Methods that note in files what they were told; each input is the folder of those. */
const SERVICE = `import { existsSync, appendFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { api, service, t } from "@bento-ts/runtime";
const note = (dir, text) => appendFileSync(dir + "/notes", text + "\\n");
@service({ name: "patient", version: "1.0.0" })
export class Patient {
  @api({ input: t.String(), output: t.String() })
  async untilTold(dir, ctx) {
    note(dir, "work begun");
    await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve));
    note(dir, "work told " + ctx.signal.reason.code);
    return "late";
  }
  @api({ input: t.String(), output: t.String() })
  async untilFile(dir, ctx) {
    note(dir, "file begun");
    while (!existsSync(dir + "/enough")) await delay(20);
    return ctx.signal.aborted ? "told" : "in time";
  }
  @api({ input: t.String(), output: t.String() })
  async *polite(dir, ctx) {
    for (let at = 0; !ctx.signal.aborted; at += 1) {
      yield "tick " + at;
      await delay(50);
    }
    yield "last words";
    note(dir, "polite ended");
  }
  @api({ input: t.String(), output: t.String() })
  async *waiting(dir, ctx) {
    for (let at = 0; ; at += 1) {
      yield "tick " + at;
      await delay(50, undefined, { signal: ctx.signal });
    }
  }
  @api({ input: t.String(), output: t.String() })
  async *endless(dir, ctx) {
    try {
      for (let at = 0; ; at += 1) {
        yield "tick " + at;
        await delay(50);
      }
    } finally {
      note(dir, "endless told " + ctx.signal.reason?.code);
    }
  }
}`;

let dir: string;
let server: ServerProcess | undefined;
beforeEach(() => {
  dir = makeProject({ "service.ts": SERVICE });
});
afterEach(async () => {
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function started(drainTimeout: string): Promise<ServerProcess> {
  const env = { BENTO_SERVER_DRAIN_DELAY: "0s", BENTO_SERVER_DRAIN_TIMEOUT: drainTimeout };
  server = await serve(`${dir}/service.ts`, { flags: ["--workers", "1", "--grpc-port", "0"], env });
  return server;
}

const post = ({ url }: ServerProcess, api: string): Promise<Response> =>
  fetch(`${url}/${api}`, {
    method: "POST",
    body: JSON.stringify(dir),
    headers: { "content-type": "application/json", accept: "application/x-ndjson, application/json" },
  });

const notes = (): string => (existsSync(join(dir, "notes")) ? readFileSync(join(dir, "notes"), "utf8") : "");
const noted = (text: string): Promise<true> => eventually(async () => (notes().includes(text) ? true : undefined));

/** Reads a stream; gives the text so far and the whole of it, with "cut" behind it where the connection was cut. */
function read(response: Response): { readonly text: () => string; readonly whole: Promise<string> } {
  let text = "";
  const readOn = async (): Promise<string> => {
    try {
      for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString();
      return text;
    } catch {
      return `${text}cut`;
    }
  };
  return { text: () => text, whole: readOn() };
}

/** The last line of a stream that the server ends, and the cut behind it. */
const SHUT_DOWN = /\n\{"error":\{[^\n]*"code":"UNAVAILABLE","detail":"the server is shutting down"[^\n]*\}\ncut$/;

describe("a server that is told to stop", () => {
  it("tells calls that are not done when its time is nearly over, answers them with 503, and ends in order", async () => {
    const running = await started("5s");
    const working = post(running, "untilTold");
    const endless = read(await post(running, "endless"));
    await noted("work begun");
    await eventually(async () => (endless.text().includes("tick 1") ? true : undefined));
    const exited = once(running.child, "exit");
    running.child.kill("SIGTERM");
    const answer = await working;
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("1");
    expect(await answer.json()).toMatchObject({ code: "UNAVAILABLE", detail: "the server is shutting down" });
    expect(await endless.whole).toMatch(SHUT_DOWN);
    expect(await exited).toEqual([0, null]);
    expect(notes()).toContain("work told UNAVAILABLE\n");
    expect(notes()).toContain("endless told UNAVAILABLE\n");
  });

  it("lets work that is done in time finish, and does not tell it", async () => {
    const running = await started("60s");
    const working = post(running, "untilFile");
    const ticking = read(await post(running, "polite"));
    await noted("file begun");
    const exited = once(running.child, "exit");
    running.child.kill("SIGTERM");
    await eventually(async () => (/"message":"draining/.test(running.output()) ? true : undefined));
    const before = ticking.text().length;
    await eventually(async () => (ticking.text().length > before + 30 ? true : undefined));
    writeFileSync(join(dir, "enough"), "");
    const answer = await working;
    expect([answer.status, await answer.json()]).toEqual([200, "in time"]);
    // A second signal: the stream would tick for a minute.
    running.child.kill("SIGTERM");
    await Promise.all([exited, ticking.whole]);
  });

  it("tells streams at once that have been open for longer than it waits: they may say last words", async () => {
    const running = await started("2s");
    const [polite, waiting] = [read(await post(running, "polite")), read(await post(running, "waiting"))];
    // 50 ms each at least: past the two seconds.
    for (const { text } of [polite, waiting])
      await eventually(async () => (text().includes("tick 45") ? true : undefined), 60_000);
    const exited = once(running.child, "exit");
    running.child.kill("SIGTERM");
    expect(await polite.whole).toMatch(/"last words"\n$/);
    // What waits for the signal fails because of it: that is no fault of the service.
    expect(await waiting.whole).toMatch(SHUT_DOWN);
    expect(await exited).toEqual([0, null]);
    expect(running.output()).not.toContain('"level":"error"');
    expect(notes()).toContain("polite ended\n");
  });
});
