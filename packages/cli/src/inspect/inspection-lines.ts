import type { ServiceDefinition } from "@bento-ts/runtime/definition";
import type {
  InspectedOnnx,
  InspectedSavedModel,
  InspectedTfjs,
  OnnxValueInfo,
  SignatureTensor,
} from "@bento-ts/runtime/models-store";
import { columns, type createPaint, printable, sizeText } from "../output.ts";
import type { InspectedModelFile, InspectedService, Inspection } from "./inspect-target.ts";
import { authorizeRows } from "./authorize-rows.ts";
import { imageLines } from "./image-lines.ts";
import { ioText } from "./io-text.ts";

type Paint = ReturnType<typeof createPaint>;

/** An inspection as a person reads it. */
export function inspectionLines(inspection: Inspection, paint: Paint): readonly string[] {
  if ("kind" in inspection) {
    if (inspection.kind === "model") return modelLines(inspection, paint);
    if (inspection.kind === "service") return serviceLines(inspection, paint);
    const { definition, definitionDigest: digest, models } = inspection.bento;
    const service = { path: inspection.reference, digest, definition, models, bento: null };
    return [...imageLines(inspection, paint), ...serviceLines(service, paint)];
  }
  return inspection.flatMap((model, at) => [...(at === 0 ? [] : [""]), ...modelLines(model, paint)]);
}

function modelLines(model: InspectedModelFile, paint: Paint): readonly string[] {
  const { format, facts, tensors, notes } = rowsOf(model);
  return [
    paint.bold(printable(model.path)),
    ...columns(
      [
        ["format", printable(format)],
        ...facts,
        ["size", sizeText(model.files.reduce((sum, file) => sum + file.sizeBytes, 0))],
        ["digest", model.digest],
        ...model.files
          .slice(1)
          .map(({ path, sizeBytes: size }) => [
            model.format === "onnx" ? "weights" : "file",
            printable(`${path} (${sizeText(size)})`),
          ]),
        ...tensors,
      ],
      "  ",
    ),
    ...notes.map((note) => paint.yellow(printable(`  note: ${note}`))),
    ...model.refusals.map(({ path, message }) => paint.red(printable(`  can't be served: ${path} ${message}`))),
  ];
}

interface ModelRows {
  readonly format: string;
  readonly facts: readonly (readonly string[])[];
  readonly tensors: readonly (readonly string[])[];
  readonly notes: readonly string[];
}

function rowsOf(model: InspectedModelFile): ModelRows {
  if (model.format === "onnx") return onnxRows(model);
  return model.format === "saved-model" ? savedModelRows(model) : tfjsRows(model);
}

function onnxRows(model: InspectedOnnx): ModelRows {
  const opsets = Object.entries(model.opsets).map(([domain, version]) => `${domain} ${version}`);
  return {
    format: `ONNX, IR ${model.irVersion}, operators of ${opsets.join(", ")}`,
    facts: [["producer", printable(model.producer === "" ? "not named" : model.producer)]],
    tensors: [
      ...model.inputs.map((value) => ["input", valueText(value)]),
      ...model.outputs.map((value) => ["output", valueText(value)]),
      ...Object.entries(model.metadata).map(([name, value]) => ["metadata", printable(`${name}: ${value}`)]),
    ],
    notes: model.leftOut.map(({ name, reason }) => `answers leave out "${name}": ${reason}`),
  };
}

function savedModelRows({ tags, tensorflowVersion, signatures }: InspectedSavedModel): ModelRows {
  return {
    format: `SavedModel of TensorFlow ${tensorflowVersion === "" ? "of no named version" : tensorflowVersion}`,
    facts: [["tags", printable(tags.join(", "))]],
    tensors: signatures.flatMap(({ name, inputs, outputs }) => [
      ["signature", printable(name)],
      ...inputs.map((tensor) => ["  input", tensorText(tensor)]),
      ...outputs.map((tensor) => ["  output", tensorText(tensor)]),
    ]),
    notes: [],
  };
}

function tfjsRows({ variant, generatedBy, convertedBy, inputs, outputs }: InspectedTfjs): ModelRows {
  return {
    format: variant === "graph-model" ? "TF.js GraphModel" : "TF.js LayersModel",
    facts: [
      ["producer", printable(generatedBy === "" ? "not named" : generatedBy)],
      ...(convertedBy === "" ? [] : [["converter", printable(convertedBy)]]),
    ],
    tensors: [
      ...inputs.map((tensor) => ["input", tensorText(tensor)]),
      ...outputs.map((tensor) => ["output", tensorText(tensor)]),
    ],
    notes: [],
  };
}

function tensorText({ name, type, shape }: SignatureTensor): string {
  return printable(`${name}: ${type}${sizesText(shape)}`);
}

function valueText({ name, dtype, shape, description, type }: OnnxValueInfo): string {
  return printable(`${name}: ${dtype ?? description ?? type}${type === "tensor" ? sizesText(shape) : ""}`);
}

function sizesText(shape: OnnxValueInfo["shape"]): string {
  return shape === undefined ? " of any rank" : ` [${shape.map((size) => size ?? "?").join(", ")}]`;
}

function serviceLines(
  {
    path,
    digest,
    definition,
    models,
    bento,
  }: Pick<InspectedService, "path" | "digest" | "definition" | "models" | "bento">,
  paint: Paint,
): readonly string[] {
  const { name, version, description, apis } = definition;
  return [
    `${paint.bold(name)} ${version} ${paint.dim(`(${printable(path)})`)}`,
    ...(description === "" ? [] : [`  ${printable(description)}`]),
    ...columns(
      [
        ["digest", digest],
        ...(bento === null
          ? []
          : [
              ["platform", bento.platform],
              ["versions", `Node ${bento.nodeVersion}, @bento-ts/runtime ${bento.runtimeVersion}`],
            ]),
        ...(models ?? []).map((model) => ["model", printable(`${model.source} (${model.digest ?? "mounted"})`)]),
      ],
      "  ",
    ),
    ...apis.flatMap((api) => ["", ...apiLines(api, paint)]),
  ];
}

function apiLines(api: ServiceDefinition["apis"][number], paint: Paint): readonly string[] {
  const marks = [...(api.default ? ["default"] : []), ...(api.stream ? ["stream"] : [])];
  const facts = [
    ["input", printable(ioText(api.input))],
    ["output", printable(ioText(api.output))],
    ...authorizeRows(api.authorize),
    ...(api.timeoutMs === null ? [] : [["timeout", `${api.timeoutMs} ms`]]),
    ...(api.maxBodyBytes === null ? [] : [["body", `at most ${sizeText(api.maxBodyBytes)}`]]),
    ...batchRows(api),
    ...(api.examples.length === 0
      ? []
      : [["examples", api.examples.map((example) => printable(example.name)).join(", ")]]),
  ];
  const note = marks.length === 0 ? "" : ` ${paint.dim(`(${marks.join(", ")})`)}`;
  return [
    `  ${paint.bold(`POST /${api.name}`)}${note}${api.summary === "" ? "" : `  ${printable(api.summary)}`}`,
    ...columns(facts, "    "),
  ];
}

/** Bentos of before there were batches do not say. */
function batchRows({ batch }: Partial<Pick<ServiceDefinition["apis"][number], "batch">>): string[][] {
  if (batch === null || batch === undefined) return [];
  return [["batches", `of up to ${batch.maxSize} rows, within ${batch.maxLatencyMs} ms`]];
}
