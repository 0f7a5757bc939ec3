import { readFileSync } from "node:fs";
import type { Problem } from "../../errors.ts";
import type { Given, Layer } from "../layer.ts";

/** Where Kubernetes mounts the annotations of a Seldon deployment. */
export const ANNOTATIONS_FILE = "/etc/podinfo/annotations";

/** Limits that the annotations of a deployment set; null where they do not. */
export interface SeldonAnnotations {
  readonly restTimeoutMs: number | null;
  readonly grpcTimeoutMs: number | null;
  readonly maxMessageBytes: number | null;
  readonly problems: readonly Problem[];
}

/** What holds where there are none. */
export const NO_ANNOTATIONS: SeldonAnnotations = {
  restTimeoutMs: null,
  grpcTimeoutMs: null,
  maxMessageBytes: null,
  problems: [],
};

/** What the server's own limit is when nobody sets one: an annotation for one transport does not narrow the other. */
const USUAL_TIMEOUT_MS = 60_000;

/** Reads the annotations of a pod, one `key="value"` a line; a file that is not there says nothing. */
export function readAnnotations(path: string): SeldonAnnotations {
  const problems: Problem[] = [];
  const texts = parseAnnotations(readText(path));
  const numberOf = (key: string, unit: string): number | null => {
    const text = texts.get(key);
    if (text === undefined) return null;
    if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
    problems.push({ path: key, message: `expected whole ${unit} > 0, got ${JSON.stringify(text)} (${path})` });
    return null;
  };
  return {
    restTimeoutMs: numberOf("seldon.io/rest-timeout", "milliseconds"),
    grpcTimeoutMs: numberOf("seldon.io/grpc-timeout", "milliseconds"),
    maxMessageBytes: numberOf("seldon.io/grpc-max-message-size", "bytes"),
    problems,
  };
}

/** The layer of the annotations: the server's own limits give way to them, each call is held to those of its transport. */
export function annotationsLayer({ problems, ...limits }: SeldonAnnotations): Layer {
  const { restTimeoutMs, grpcTimeoutMs, maxMessageBytes } = limits;
  const given: Given[] = [];
  if (restTimeoutMs !== null || grpcTimeoutMs !== null) {
    const longest = Math.max(restTimeoutMs ?? USUAL_TIMEOUT_MS, grpcTimeoutMs ?? USUAL_TIMEOUT_MS);
    given.push({ path: "server.requestTimeout", value: `${longest}ms`, where: "seldon.io/…-timeout" });
  }
  if (maxMessageBytes !== null) {
    // Seldon's "no limit" is 2^31 - 1.
    given.push({ path: "server.limits.grpc", value: `${maxMessageBytes}B`, where: "seldon.io/grpc-max-message-size" });
  }
  return { name: "orchestrator", given, problems, warnings: [] };
}

function parseAnnotations(text: string): ReadonlyMap<string, string> {
  const lines = text.split("\n").map((line) => /^([^=\s]+)="(.*)"\s*$/.exec(line));
  return new Map(lines.flatMap((match) => (match === null ? [] : [[match[1] ?? "", match[2] ?? ""]])));
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Outside of a pod there is none.
    return "";
  }
}
