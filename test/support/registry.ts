import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A registry of images in a process of its own, on this machine's loopback address. */
export interface RegistryProcess {
  /** `127.0.0.1:PORT`, as in references. */
  readonly host: string;
  readonly url: string;
  /** Everything that it has logged so far: one line a request. */
  output(): string;
  /** Ends it and removes what it holds. */
  stop(): Promise<void>;
}

export interface RegistrySetup {
  /** Makes the `auth` of its configuration: a JSON value. `dir` is a folder for its files. */
  readonly auth?: (dir: string) => unknown;
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Starts Debian's docker-registry on a free port. Rejects with its output when it does not come up. */
export async function startRegistry({ auth, tls }: RegistrySetup = {}): Promise<RegistryProcess> {
  const dir = mkdtempSync(join(tmpdir(), "bento-registry-"));
  if (tls !== undefined) {
    writeFileSync(join(dir, "tls.crt"), tls.cert);
    writeFileSync(join(dir, "tls.key"), tls.key);
  }
  const config = {
    version: "0.1",
    storage: { filesystem: { rootdirectory: join(dir, "data") }, delete: { enabled: true } },
    http: {
      addr: "127.0.0.1:0",
      secret: "of the test",
      ...(tls === undefined ? {} : { tls: { certificate: join(dir, "tls.crt"), key: join(dir, "tls.key") } }),
    },
    ...(auth === undefined ? {} : { auth: auth(dir) }),
  };
  // JSON is YAML as well.
  writeFileSync(join(dir, "config.yml"), JSON.stringify(config));
  const child = spawn("docker-registry", ["serve", join(dir, "config.yml")], { stdio: ["ignore", "pipe", "pipe"] });
  const closed = once(child, "close");
  let output = "";
  const port = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const found = /listening on 127\.0\.0\.1:(\d+)/.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the registry ended with ${code}:\n${output}`)));
  });
  return {
    host: `127.0.0.1:${port}`,
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    output: () => output,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await closed;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
