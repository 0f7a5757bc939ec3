import { join } from "node:path";
import type { ApiDefinition, IoSpec } from "@bento-ts/runtime/definition";
import { mediaTypeOfFile } from "../examples/media-type.ts";
import { shellWord } from "../output.ts";
import { sampleValue } from "./sample-value.ts";

/** Longer bodies belong in a file. */
const MAX_BODY_CHARS = 300;

/** A curl command that calls an API: with its first example where it has one, else with a value made up from its input type. */
export function sampleCall(
  api: ApiDefinition,
  { url, folder, caFile }: { readonly url: string; readonly folder: string; readonly caFile?: string | undefined },
): string {
  const [example] = api.examples;
  const body =
    example === undefined
      ? madeUpBody(api.input)
      : "file" in example.input
        ? fileBody(join(folder, example.input.file), api.input)
        : jsonBody(example.input.json);
  // Without -N curl gathers a stream before it shows it.
  const trust = caFile === undefined ? "" : `--cacert ${shellWord(caFile)} `;
  return `curl ${trust}${api.stream ? "-N " : ""}${shellWord(`${url}/${api.name}`)} ${body}`;
}

function madeUpBody(input: IoSpec): string {
  switch (input.kind) {
    case "text":
      return `-H 'content-type: text/plain' -d 'some text'`;
    case "image":
      return "-H 'content-type: image/png' --data-binary @picture.png";
    case "bytes":
      return `-H ${shellWord(`content-type: ${input.mediaType}`)} --data-binary @file.bin`;
    case "file":
      return "-H 'content-type: application/octet-stream' --data-binary @file.bin";
    case "multipart":
      return Object.entries(input.fields)
        .filter(([, { required }]) => required)
        .map(([name, { spec }]) => `-F ${shellWord(`${name}=${fieldValue(spec)}`)}`)
        .join(" ");
    default:
      return jsonBody(sampleValue(input));
  }
}

function fieldValue(spec: IoSpec): string {
  switch (spec.kind) {
    case "image":
      return "@picture.png";
    case "bytes":
    case "file":
      return "@file.bin";
    case "text":
      return "some text";
    default:
      return JSON.stringify(sampleValue(spec));
  }
}

function fileBody(path: string, input: IoSpec): string {
  return `-H ${shellWord(`content-type: ${mediaTypeOfFile(path, input)}`)} --data-binary ${shellWord(`@${path}`)}`;
}

function jsonBody(value: unknown): string {
  const text = JSON.stringify(value);
  return `-H 'content-type: application/json' -d ${text.length > MAX_BODY_CHARS ? "@input.json" : shellWord(text)}`;
}
