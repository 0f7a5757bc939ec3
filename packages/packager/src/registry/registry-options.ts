import { readFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { rootCertificates } from "node:tls";
import { ServingError } from "@bento-ts/runtime/definition";
import type { OnBuildEvent } from "../progress.ts";

/** How a registry is spoken to. */
export interface RegistryOptions {
  /** Variables of the process unless given: proxies, places of credentials, and those of the next two options. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** File of certificates (PEM) that are trusted beside the usual ones; `BENTO_REGISTRY_CA` unless given. */
  readonly caFile?: string | undefined;
  /** Hosts, with their port, that may be spoken to without TLS; `BENTO_REGISTRY_PLAIN_HTTP`, joined by commas, unless given. This machine's own always may. */
  readonly plainHttpHosts?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnBuildEvent | undefined;
  /** Waits before a call is tried again; a clock unless given. */
  readonly wait?: (delayMs: number, signal: AbortSignal) => Promise<void>;
}

export interface ResolvedRegistryOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Undefined: those that Node trusts. */
  readonly certificates: readonly string[] | undefined;
  readonly plainHttpHosts: ReadonlySet<string>;
  readonly signal: AbortSignal;
  readonly onEvent: OnBuildEvent;
  readonly wait: (delayMs: number, signal: AbortSignal) => Promise<void>;
}

/** Decides what was left open. Throws INVALID_ARGUMENT when the file of certificates can't be used. */
export async function resolveRegistryOptions(options: RegistryOptions): Promise<ResolvedRegistryOptions> {
  const { env = process.env, onEvent = () => undefined, signal = new AbortController().signal } = options;
  const caFile = options.caFile ?? textOf(env["BENTO_REGISTRY_CA"]);
  const hosts = options.plainHttpHosts ?? textOf(env["BENTO_REGISTRY_PLAIN_HTTP"])?.split(",") ?? [];
  return {
    env,
    certificates: caFile === undefined ? undefined : [...trustedAnyway(), await readCertificates(caFile)],
    plainHttpHosts: new Set(hosts.map((host) => host.trim().toLowerCase())),
    signal,
    onEvent,
    wait: options.wait ?? waitOnClock,
  };
}

/** An empty variable counts as not set. */
function textOf(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

/** With `NODE_EXTRA_CA_CERTS`, from Node 22.15 on; before, Mozilla's alone. */
function trustedAnyway(): readonly string[] {
  const tls: { readonly getCACertificates?: (type: "default") => string[] } = process.getBuiltinModule("node:tls");
  return tls.getCACertificates?.("default") ?? rootCertificates;
}

async function readCertificates(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new ServingError("INVALID_ARGUMENT", `the registry's certificates can't be read from ${path}`, { cause });
  });
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new ServingError(
    "INVALID_ARGUMENT",
    `${path} holds no certificate: expected PEM, "-----BEGIN CERTIFICATE-----"`,
  );
}

async function waitOnClock(delayMs: number, signal: AbortSignal): Promise<void> {
  await setTimeout(delayMs, undefined, { signal });
}
