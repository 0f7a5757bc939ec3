import { ServingError } from "../../../errors.ts";
import type { ApiDefinition } from "../../../definition/types.ts";
import type { IoSpec, NanPolicy, Payload } from "../../../io/types.ts";
import type { SeldonFeedback, SeldonMessage, SeldonRequest } from "../types.ts";
import { toJsonForm } from "./to-json-form.ts";
import { toPayload } from "./to-payload.ts";

/** Branch that the component's own route chose, as the answer tells it; undefined where it does not. */
export type RoutingOf = (feedback: SeldonFeedback) => number | undefined;

/**
 * What an API reads of a request: a message's data, the data of each message of a list, or what came as feedback.
 *
 * Throws INVALID_ARGUMENT with the place of what its types can't be had from.
 */
export async function toRequestPayload(
  request: SeldonRequest,
  { input, nan }: Pick<ApiDefinition, "input" | "nan">,
  routingOf: RoutingOf,
): Promise<Payload> {
  switch (request.form) {
    case "raw":
      return {
        kind: "parts",
        parts: [{ name: undefined, fileName: undefined, mediaType: RAW_TYPE, content: request.content }],
      };
    case "message": {
      const { data } = request.message;
      if (data === undefined) throw noData("");
      return toPayload(data, input, { path: "", nan });
    }
    case "list":
      return { kind: "json", value: await readList(request.messages, itemsOf(input), nan) };
    case "feedback":
      return { kind: "json", value: await readFeedback(request.feedback, input, { nan, routingOf }) };
  }
}

const RAW_TYPE = "application/octet-stream";

async function readList(messages: readonly SeldonMessage[], items: IoSpec, nan: NanPolicy): Promise<unknown[]> {
  const values: unknown[] = [];
  for (const [index, { data }] of messages.entries()) {
    const path = `/${index}`;
    if (data === undefined) throw noData(path);
    values.push(await toJsonForm(await toPayload(data, items, { path, nan }), items, nan));
  }
  return values;
}

async function readFeedback(
  feedback: SeldonFeedback,
  input: IoSpec,
  { nan, routingOf }: { readonly nan: NanPolicy; readonly routingOf: RoutingOf },
): Promise<Readonly<Record<string, unknown>>> {
  const values: Record<string, unknown> = { reward: feedback.reward };
  for (const name of ["request", "response", "truth"] as const) {
    const data = feedback[name]?.data;
    if (data === undefined) continue;
    const spec = fieldOf(input, name);
    values[name] = await toJsonForm(await toPayload(data, spec, { path: `/${name}`, nan }), spec, nan);
  }
  const routing = routingOf(feedback);
  return routing === undefined ? values : { ...values, routing };
}

function itemsOf(input: IoSpec): IoSpec {
  if (input.kind === "list") return input.items;
  throw new ServingError("INTERNAL", "the input of an aggregate is no list");
}

function fieldOf(input: IoSpec, name: string): IoSpec {
  const field = input.kind === "multipart" ? input.fields[name] : undefined;
  if (field !== undefined) return field.spec;
  throw new ServingError("INTERNAL", `the input of a feedback has no ${name}`);
}

/** The refusal of a message that carries nothing. */
export function noData(path: string): ServingError {
  const place = path === "" ? "" : `${path}: `;
  return new ServingError(
    "INVALID_ARGUMENT",
    `${place}expected a message with one of data, jsonData, strData and binData, got none of them`,
  );
}
