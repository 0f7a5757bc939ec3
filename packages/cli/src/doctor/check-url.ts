import { readFile } from "node:fs/promises";
import { wrongUsage } from "../command-error.ts";
import { accessOfTarget } from "./examine-target.ts";
import type { Check } from "./remote/check.ts";
import { checkServer } from "./remote/check-server.ts";
import { type ExpectedRoute, expectedOf, expectedOfKnown } from "./remote/expected-routes.ts";
import { parseGrpc, parseUrl } from "./remote/place.ts";

/** A server that runs somewhere. */
export interface UrlOrder {
  readonly url: string;
  /** `host:port`. */
  readonly grpc: string | undefined;
  readonly caFile: string | undefined;
  /** What is served there; undefined for any server. */
  readonly target: string | undefined;
  readonly configFile: string | undefined;
}

/** Checks a running server from outside. Throws CommandError for what can't be meant. */
export async function checkUrl({ url, grpc, caFile, target, configFile }: UrlOrder): Promise<readonly Check[]> {
  const ca = caFile === undefined ? undefined : await readCa(caFile);
  const rest = parseUrl(url, ca);
  const places = { rest, grpc: grpc === undefined ? undefined : parseGrpc(grpc, rest) };
  return checkServer(places, await routesOf(target, configFile), Date.now());
}

async function readCa(file: string): Promise<string> {
  const pem = await readFile(file, "utf8").catch(() => "");
  if (!pem.includes("-----BEGIN CERTIFICATE-----"))
    throw wrongUsage(`--ca: expected a file with PEM certificates, got ${file}`);
  return pem;
}

async function routesOf(target: string | undefined, configFile: string | undefined): Promise<readonly ExpectedRoute[]> {
  if (target !== undefined) return expectedOf(await accessOfTarget(target, { configFile }));
  const { knownRoutes } = await import("@bento-ts/runtime/server");
  return expectedOfKnown(await knownRoutes());
}
