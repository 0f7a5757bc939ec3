import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { failed } from "../command-error.ts";
import type { ExampleServer } from "../examples/serve-for-examples.ts";
import { hasRules, OPEN_RULES } from "../examples/open-rules.ts";
import { createReasons } from "../examples/log-reasons.ts";
import { lastLine } from "./engine.ts";
import type { OpenedImage } from "./open-image.ts";

const PORT = 3000;
/** A model that takes longer to load and warm up has failed. */
const PATIENCE_MS = 180_000;
const PAUSE_MS = 100;

/** As strictly as a cluster would: docs/packaging.md, "Running it". */
const HARDENED: readonly string[] = [
  ["--read-only", "--tmpfs", "/tmp"],
  ["--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
  ["--user", "12345:0"],
  ["--publish", `127.0.0.1::${PORT}`],
].flat();

/** Golden examples tell of values, not of callers or ports. */
const SETTINGS: Readonly<Record<string, string>> = {
  BENTO_SECURITY_ALLOW_ANONYMOUS: "true",
  BENTO_SECURITY_ALLOW_INSECURE_CONNECTIONS: "true",
  BENTO_SERVER_PORT: String(PORT),
  BENTO_SERVER_GRPC_PORT: "3001",
  BENTO_SERVER_ADMIN_PORT: "3002",
  BENTO_SERVER_BASE_PATH: "/",
  BENTO_SERVER_DRAIN_DELAY: "0s",
  BENTO_SERVER_WORKERS: "1",
  BENTO_TELEMETRY_LOG_FORMAT: "json",
};

const RULES_FILE = "/tmp/bento-rules.json";

/**
 * Serves an image in a hardened container on a loopback port; `stop` removes it.
 *
 * Throws CommandError with the last line of a container that exits, or when it is not ready in time; what the abort signal says. The container is gone then.
 */
export async function serveImage(image: OpenedImage, signal: AbortSignal): Promise<ExampleServer> {
  const { engine, reference } = image;
  const name = `bento-test-${randomUUID()}`;
  const remove = async (): Promise<void> => void (await engine.run(["rm", "--force", "--volumes", name]));
  try {
    // Not ended by the signal: a container that is made is removed.
    const created = await engine.run(["create", "--name", name, ...HARDENED, ...commandOf(image)]);
    signal.throwIfAborted();
    const started = created.exitCode === 0 ? await engine.run(["start", name], signal) : created;
    if (started.exitCode !== 0)
      throw failed(`${engine.name} can't start a container of ${reference}: ${lastLine(started.stderr)}`);
    const { stdout } = await engine.run(["port", name, `${PORT}/tcp`], signal);
    const url = `http://${lastLine(stdout)}`;
    await untilReady(image, { name, url, signal });
    let reasons = createReasons("");
    let isStopped = false;
    return {
      url,
      reasonFor: (requestId) => reasons.get(requestId),
      async stop() {
        if (isStopped) return;
        isStopped = true;
        reasons = createReasons((await engine.run(["logs", name])).stdout);
        await remove();
      },
    };
  } catch (cause) {
    await remove();
    throw cause;
  }
}

/** Flags and words after them: the image's own entry, after a shell has written the rules that open every function where the author closes some. */
function commandOf({ reference, entrypoint, bento }: OpenedImage): readonly string[] {
  const isClosed = hasRules(bento.definition);
  const env = isClosed ? { ...SETTINGS, BENTO_SECURITY_AUTHORIZATION_RULES_FILE: RULES_FILE } : SETTINGS;
  const settings = Object.entries(env).flatMap(([key, value]) => ["--env", `${key}=${value}`]);
  if (!isClosed) return [...settings, reference];
  const script = `printf %s "$0" > ${RULES_FILE} && exec "$@"`;
  return [...settings, "--entrypoint", "/bin/sh", reference, "-c", script, OPEN_RULES, ...entrypoint];
}

async function untilReady(
  { engine, reference }: OpenedImage,
  { name, url, signal }: { readonly name: string; readonly url: string; readonly signal: AbortSignal },
): Promise<void> {
  const stop = new AbortController();
  const any = AbortSignal.any([signal, stop.signal, AbortSignal.timeout(PATIENCE_MS)]);
  const exited = engine.run(["wait", name], any).then(({ stdout }) => stdout.trim());
  const ready = pollReady(url, any);
  try {
    const exitCode = await Promise.race([exited, ready]);
    if (exitCode === undefined) return;
    const { stdout, stderr } = await engine.run(["logs", name]);
    const last = lastLine(stderr) || lastLine(stdout);
    throw failed(
      `the container of ${reference} exited with code ${exitCode}: ${last === "" ? "it said nothing" : last}`,
    );
  } catch (cause) {
    signal.throwIfAborted();
    if (any.aborted) throw failed(`the container of ${reference} was not ready after ${PATIENCE_MS / 1000} s`, cause);
    throw cause;
  } finally {
    stop.abort();
    await Promise.allSettled([exited, ready]);
  }
}

/** Resolves once the server is ready. Throws when the signal ends it. */
async function pollReady(url: string, signal: AbortSignal): Promise<undefined> {
  for (;;) {
    const reply = await fetch(`${url}/readyz`, { signal }).catch(() => undefined);
    if (reply?.status === 200) return undefined;
    await wait(PAUSE_MS, undefined, { signal });
  }
}
