import { readFile } from "node:fs/promises";
import type { ApiDefinition } from "@bento-ts/runtime/definition";
import { failed } from "../command-error.ts";
import { mediaTypeOfFile } from "../examples/media-type.ts";
import { readValue } from "../examples/run-example.ts";
import { sampleBody, type Shapes } from "./sample-body.ts";
import type { Shot } from "./shot.ts";

/** Calls to send, and where their input is from. */
export interface Shots {
  readonly shots: readonly Shot[];
  readonly input: string;
}

/** Calls of an API over its own route: its golden examples in turn, or one made up from its type. Throws CommandError where neither is to be had. */
export async function nativeShots(api: ApiDefinition, baseDir: string, shapes: Shapes): Promise<Shots> {
  const path = `/${api.name}`;
  const accept = api.stream ? "application/x-ndjson" : "*/*";
  const shotOf = (contentType: string, body: Uint8Array): Shot => ({
    path,
    headers: { "content-type": contentType, accept },
    body: Buffer.from(body),
  });
  if (api.examples.length === 0 || Object.keys(shapes).length > 0) {
    const body = sampleBody(api, shapes);
    const isText = api.input.kind === "text" && typeof body === "string";
    const shot = isText
      ? shotOf("text/plain", Buffer.from(body))
      : shotOf(JSON_TYPE, Buffer.from(JSON.stringify(body)));
    return { shots: [shot], input: "made up from the input's type" };
  }
  const shots: Shot[] = [];
  for (const { input } of api.examples) {
    const type = "file" in input ? mediaTypeOfFile(input.file, api.input) : JSON_TYPE;
    shots.push(shotOf(type, await readValue(input, baseDir)));
  }
  const names = api.examples.map(({ name }) => name).join(", ");
  return { shots, input: `golden example${shots.length === 1 ? "" : "s"}: ${names}` };
}

const JSON_TYPE = "application/json";

/** A call with the content of a file. Throws CommandError for one that can't be read. */
export async function fileShots(api: string, file: string, input: ApiDefinition["input"] | undefined): Promise<Shots> {
  const body = await readFile(file).catch((cause: unknown) => {
    throw failed(`there is no readable file ${file}`, cause);
  });
  // Of an API that nothing is known of, "json" is as good as any kind that is no plain content.
  const type = mediaTypeOfFile(file, input ?? { kind: "json", schema: {} });
  return { shots: [{ path: `/${api}`, headers: { "content-type": type, accept: "*/*" }, body }], input: file };
}
