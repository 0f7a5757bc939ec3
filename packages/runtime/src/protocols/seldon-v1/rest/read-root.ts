import { parseJsonBody } from "../../../call/body/json-body.ts";
import type { BodyLimits, BodyParts } from "../../../call/body/limits.ts";
import { readParts } from "../../../call/body/multipart-body.ts";
import { readBody } from "../../../call/body/read-body.ts";
import type { HttpRequest } from "../../../call/types.ts";
import { ServingError } from "../../../errors.ts";
import type { Content, Part } from "../../../io/types.ts";
import { decodeUtf8 } from "../../../io/text.ts";
import { childPath } from "../../../problem-list.ts";
import type { SeldonReading } from "../seldon-call.ts";
import { formField } from "./form-field.ts";

type Limit = Pick<BodyLimits, "maxBytes" | "limitName">;

/** How far a request's body is read: JSON and texts, and forms with files. */
export interface RestLimits {
  readonly json: Limit;
  readonly binary: Limit;
}

/** The JSON of a request, in which a `binData` file stands as its content; what it keeps on disk is freed by `dispose`. */
export interface RequestRoot {
  readonly root: unknown;
  readonly dispose: (() => Promise<void>) | undefined;
}

/**
 * Reads the JSON of a request from the first of these that is there: the fields of a multipart form, the field `json` of an urlencoded form, the query's `json`, a JSON
 * body.
 *
 * Throws INVALID_ARGUMENT when none is or it can't be read; what else `readBody` and `readParts` throw passes. Source: Seldon v1, "where the request JSON comes from".
 */
export async function readRoot(
  request: HttpRequest,
  limits: RestLimits,
  { exactIntegers, ...reading }: SeldonReading & { readonly exactIntegers: boolean },
): Promise<RequestRoot> {
  const type = mediaTypeOf(request);
  const jsonOf = (bytes: Uint8Array): RequestRoot => ({
    root: orNoJson(() => parseJsonBody(bytes, { exactIntegers })),
    dispose: undefined,
  });
  if (type.includes("multipart/form-data"))
    return fromForm(await readForm(request, { ...limits.binary, ...reading, fieldLimit: limits.json }), exactIntegers);
  if (type === "application/x-www-form-urlencoded") {
    const bytes = await readBody(request, { ...limits.json, ...reading });
    const field = orNoJson(() => formField(decodeUtf8(bytes, ""), "json"));
    if (field !== undefined) return jsonOf(Buffer.from(field));
  }
  const query = request.query.get("json");
  if (query !== null) return jsonOf(Buffer.from(query));
  if (type === "application/x-www-form-urlencoded") throw noJson('the form has no field "json"');
  if (type !== "" && type !== "application/json" && !type.endsWith("+json"))
    throw noJson(`Content-Type ${type} is neither JSON nor a form`);
  return jsonOf(await readBody(request, { ...limits.json, ...reading }));
}

/** The media type in lower case without parameters, "" where none was sent. */
export function mediaTypeOf({ headers }: Pick<HttpRequest, "headers">): string {
  return (headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

async function readForm(request: HttpRequest, limits: Parameters<typeof readParts>[1]): Promise<BodyParts> {
  try {
    return await readParts(request, limits);
  } catch (cause) {
    throw asNoJson(cause);
  }
}

async function fromForm({ parts, dispose }: BodyParts, exactIntegers: boolean): Promise<RequestRoot> {
  try {
    const members = new Map<string, unknown>();
    for (const part of parts) {
      const name = part.name ?? "";
      if (members.has(name)) throw noJson(`the field ${JSON.stringify(name)} came twice`);
      members.set(name, await memberOf(part, exactIntegers));
    }
    return { root: Object.fromEntries(members), dispose };
  } catch (cause) {
    await dispose();
    throw asNoJson(cause);
  }
}

/** `strData` is the text, as are files; the file `binData` is its bytes; everything else is JSON. */
async function memberOf({ name = "", fileName, content }: Part, exactIntegers: boolean): Promise<unknown> {
  const isFile = fileName !== undefined;
  if (isFile && name === "binData") return content satisfies Content;
  const bytes = await content.bytes();
  const path = childPath("", name);
  if (isFile || name === "strData") return decodeUtf8(bytes, path);
  return orNoJson(() => parseJsonBody(bytes, { exactIntegers }), `${path}: `);
}

function orNoJson<T>(read: () => T, where = ""): T {
  try {
    return read();
  } catch (cause) {
    throw asNoJson(cause, where);
  }
}

function asNoJson(cause: unknown, where = ""): unknown {
  if (cause instanceof URIError) return noJson("the form's escapes are no UTF-8");
  if (!(cause instanceof ServingError) || cause.code !== "INVALID_ARGUMENT") return cause;
  return cause.message.startsWith(NO_JSON) ? cause : noJson(where + cause.message);
}

const NO_JSON = "Can't find JSON in data";

function noJson(reason: string): ServingError {
  return new ServingError("INVALID_ARGUMENT", `${NO_JSON}: ${reason}`);
}
