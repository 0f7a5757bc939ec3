import type { HttpInfoRoute, HttpReply, HttpRequest, HttpRoute } from "../../call/types.ts";
import { quote } from "../../describe-value.ts";
import { ServingError } from "../../errors.ts";
import { createModelTable, type ModelTable, type ServedModel } from "../served-models/model-table.ts";
import { findModel } from "../tensorflow/find-model.ts";
import { SIGNATURE, signatureJson } from "../tensorflow/signature.ts";
import type { ProtocolHost } from "../types.ts";
import { toErrorReply } from "../served-models/error-reply.ts";
import { createExplanations, type FindExplanation } from "./explanations.ts";
import { type Aim, openModelCall } from "./model-call.ts";
import { parseVerbSegment } from "./model-path.ts";

const MODEL = "/v1/models/:model";
/** A model, and each way to name one version of it. */
const CHOICES = [
  { id: "model", path: MODEL },
  { id: "version", path: `${MODEL}/versions/:version` },
  { id: "label", path: `${MODEL}/labels/:label` },
] as const;

/** What these routes need to know of the server. */
type RestHost = Pick<ProtocolHost, "definition" | "limits" | "modelName" | "isReady" | "isKServe">;

/** The routes of KServe V1 and of TensorFlow Serving over REST. */
export function httpRoutes(host: RestHost): readonly (HttpRoute | HttpInfoRoute)[] {
  const models = createModelTable(host.definition, { secondName: host.modelName });
  return [...infoRoutes(host, models), ...callRoutes(host, models)];
}

function callRoutes(host: RestHost, models: ModelTable): readonly HttpRoute[] {
  const aimed = { models, explanationOf: createExplanations(host.definition) };
  return CHOICES.map(({ id, path }) => ({
    id: `kserveV1.${id}.call`,
    method: "POST",
    path,
    stream: false,
    open: (request) => openModelCall(aimAt(request, aimed), request, host.limits),
  }));
}

interface Aimed {
  readonly models: ModelTable;
  readonly explanationOf: FindExplanation;
}

/** What a path names: its last segment carries the verb. */
function aimAt({ params, route }: HttpRequest, { models, explanationOf }: Aimed): Aim {
  try {
    const { model: name = "", version, label } = params;
    const { subject, verb } = parseVerbSegment(label ?? version ?? name);
    const choice =
      label !== undefined
        ? { name, label: subject }
        : version !== undefined
          ? { name, version: subject }
          : { name: subject };
    const model = findModel(models, choice);
    return { model: verb === "explain" ? explanationOf(model) : model, verb, route: `${route}:${verb}` };
  } catch (cause) {
    // Thrown where the pipeline asks what is called: a caller who may ask nothing is not told what there is.
    if (cause instanceof ServingError) return cause;
    throw cause;
  }
}

function infoRoutes({ isReady, isKServe }: RestHost, models: ModelTable): readonly HttpInfoRoute[] {
  const route = (id: string, path: string, answer: HttpInfoRoute["answer"], isPublic = false): HttpInfoRoute => ({
    id: `kserveV1.${id}`,
    protocol: "kserveV1",
    method: "GET",
    path,
    isPublic,
    answer,
    encodeError: toErrorReply,
  });
  return [
    route("alive", "/", () => json({ status: "alive" }), isKServe),
    route("list", "/v1/models", () => json({ models: models.names })),
    ...CHOICES.flatMap(({ id, path }) => [
      route(`${id}.status`, path, (request) => statusOf(request, models, isReady()), isKServe && id === "model"),
      route(`${id}.metadata`, `${path}/metadata`, (request) => json(metadataOf(named(request, models)))),
    ]),
  ];
}

function json(value: unknown): HttpReply {
  return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}

interface Named {
  readonly name: string;
  readonly model: ServedModel;
}

function named({ params }: HttpRequest, models: ModelTable): Named {
  const { model: name = "", version, label } = params;
  const last = label ?? version ?? name;
  if (last.includes(":"))
    throw new ServingError("METHOD_NOT_ALLOWED", `${quote(last)} takes POST: a name without ":" is asked for with GET`);
  return { name, model: findModel(models, { name, version, label }) };
}

/** One object for clients of both protocols: KServe's `name` and `ready`, TensorFlow Serving's status of each version. */
function statusOf(request: HttpRequest, models: ModelTable, isReady: boolean): HttpReply {
  const { name, model } = named(request, models);
  if (!isReady) throw new ServingError("UNAVAILABLE", `model ${quote(name)} is not ready`);
  const { version, label } = request.params;
  const versions = version === undefined && label === undefined ? models.versionsOf(name) : [model];
  const status = { error_code: "OK", error_message: "" };
  return json({
    name,
    ready: true,
    model_version_status: versions.map((one) => ({ version: one.version, state: "AVAILABLE", status })),
  });
}

function metadataOf({ name, model }: Named): unknown {
  return {
    model_spec: { name, signature_name: "", version: model.version },
    metadata: { signature_def: { signature_def: { [SIGNATURE]: signatureJson(model) } } },
  };
}
