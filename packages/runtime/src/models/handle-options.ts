import { ServingError } from "../errors.ts";
import { type DType, isDType } from "../tensor/dtype.ts";
import { nearestName } from "../did-you-mean.ts";
import type { SampleShapes } from "./sample.ts";
import type { RunPlace, SessionChoices } from "./types.ts";

/** Element types of outputs by name. */
export type OutputTypes = Readonly<Record<string, DType>>;

/** What an author may choose for any model. */
export interface ModelOptions<O extends OutputTypes = OutputTypes> {
  /**
   * The outputs to compute and their element types: results are typed by it, the model is checked against it when it is loaded, and what is not
   * listed is not computed. Default: all outputs.
   */
  readonly outputs?: O;
  /** Where runs happen: on the worker's own thread, on one beside it, or there by what warming up measures (slow ones beside it). Default "auto". */
  readonly run?: RunPlace | "auto";
  /** Threads inside one run. Default: 1 inline, all CPUs of the worker on a thread. */
  readonly threads?: number;
  /** Most inference threads of one worker, each with the model loaded once; opened while runs wait. Default: the worker's CPUs and those that other workers leave unused, by `threads`. */
  readonly pool?: number;
  /** Shapes of the warm-up's sample by input name, as of a usual call; false leaves warming up out. Default: made up from the model. */
  readonly warmup?: SampleShapes | false;
}

/** What an author may choose for an ONNX model. */
export interface OnnxOptions<O extends OutputTypes = OutputTypes> extends ModelOptions<O> {
  /** ONNX Runtime's own options, by its names. Default: its own. */
  readonly sessionOptions?: Partial<Omit<SessionChoices, "sharedWeights">>;
  /**
   * Maps weights that lie in external files instead of copying them: workers share the memory and load faster, runs take up to twice as long.
   * Default false.
   */
  readonly sharedWeights?: boolean;
}

/** What an author may choose for a TensorFlow model. */
export interface TensorFlowOptions<O extends OutputTypes = OutputTypes> extends ModelOptions<O> {
  /** The signature of a SavedModel to run. Default: `serving_default`, or else its only one. */
  readonly signature?: string;
}

/** The options with all decided. */
export interface ResolvedModelOptions {
  readonly outputs: OutputTypes | undefined;
  readonly run: RunPlace | "auto";
  readonly threads: number | undefined;
  readonly pool: number | undefined;
  readonly warmup: SampleShapes | false;
  readonly session: SessionChoices;
  readonly signature: string | undefined;
}

/** Checks an author's options of `onnx()` and fills in the defaults. Throws INVALID_ARGUMENT that lists all that is wrong. */
export function resolveOnnxOptions(source: string, options: OnnxOptions): ResolvedModelOptions {
  const sessionFaults =
    isRecord(options) && isRecord(options.sessionOptions)
      ? optionFaults("sessionOptions.", options.sessionOptions, SESSION_CHECKS)
      : [];
  assertOptions({ call: "onnx", source, options, checks: ONNX_CHECKS }, sessionFaults);
  const { sharedWeights = false } = options;
  const {
    graphOptimizationLevel = SESSION_DEFAULTS.graphOptimizationLevel,
    enableCpuMemArena = SESSION_DEFAULTS.enableCpuMemArena,
    enableMemPattern = SESSION_DEFAULTS.enableMemPattern,
  } = options.sessionOptions ?? {};
  return {
    ...resolveCommon(options),
    session: { graphOptimizationLevel, enableCpuMemArena, enableMemPattern, sharedWeights },
  };
}

/** Checks an author's options of `tensorflow()` and fills in the defaults. Throws INVALID_ARGUMENT that lists all that is wrong. */
export function resolveTensorFlowOptions(source: string, options: TensorFlowOptions): ResolvedModelOptions {
  assertOptions({ call: "tensorflow", source, options, checks: TENSORFLOW_CHECKS });
  return { ...resolveCommon(options), signature: options.signature };
}

const SESSION_DEFAULTS: SessionChoices = {
  graphOptimizationLevel: "all",
  enableCpuMemArena: true,
  enableMemPattern: true,
  sharedWeights: false,
};

function resolveCommon({ outputs, run = "auto", threads, pool, warmup = {} }: ModelOptions): ResolvedModelOptions {
  return { outputs, run, threads, pool, warmup, session: SESSION_DEFAULTS, signature: undefined };
}

interface Call {
  readonly call: string;
  readonly source: string;
  readonly options: ModelOptions;
  readonly checks: Readonly<Record<string, Check>>;
}

function assertOptions({ call, source, options, checks }: Call, further: readonly string[] = []): void {
  const faults = [
    ...(typeof source === "string" && source !== ""
      ? []
      : ["expected a path or a store tag `name:version` as the source"]),
    ...(isRecord(options) ? optionFaults("", options, checks) : ["expected an object of options"]),
    ...further,
  ];
  if (faults.length > 0)
    throw new ServingError("INVALID_ARGUMENT", `${call}(${JSON.stringify(source)}): ${faults.join("; ")}`);
}

interface Check {
  readonly expected: string;
  isRight(value: unknown): boolean;
}

const BOOLEAN: Check = { expected: "true or false", isRight: (value) => typeof value === "boolean" };

const COUNT: Check = {
  expected: "a whole number from 1 to 256",
  isRight: (value) => typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 256,
};

const COMMON_CHECKS = {
  outputs: {
    expected: 'element types by output name, such as { variable: "float32" }',
    isRight: (value) =>
      isRecord(value) &&
      Object.keys(value).length > 0 &&
      Object.values(value).every((dtype) => typeof dtype === "string" && isDType(dtype)),
  },
  run: oneOf("auto", "inline", "thread"),
  threads: COUNT,
  pool: COUNT,
  warmup: {
    expected: "false, or shapes by input name with sizes ≥ 0, such as { x: [1, 3, 224, 224] }",
    isRight: (value) => value === false || (isRecord(value) && Object.values(value).every(isShape)),
  },
} as const satisfies Record<keyof ModelOptions, Check>;

const ONNX_CHECKS = {
  ...COMMON_CHECKS,
  sessionOptions: { expected: "an object", isRight: isRecord },
  sharedWeights: BOOLEAN,
} as const satisfies Record<keyof OnnxOptions, Check>;

const TENSORFLOW_CHECKS = {
  ...COMMON_CHECKS,
  signature: {
    expected: 'the name of a signature, such as "serving_default"',
    isRight: (value) => typeof value === "string" && value !== "",
  },
} as const satisfies Record<keyof TensorFlowOptions, Check>;

const SESSION_CHECKS = {
  graphOptimizationLevel: oneOf("disabled", "basic", "extended", "all"),
  enableCpuMemArena: BOOLEAN,
  enableMemPattern: BOOLEAN,
} as const satisfies Record<keyof NonNullable<OnnxOptions["sessionOptions"]>, Check>;

function optionFaults(prefix: string, options: object, checks: Readonly<Record<string, Check>>): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined) {
      const meant = nearestName(name, Object.keys(checks));
      return [`unknown option ${prefix}${name}${meant === undefined ? "" : ` (did you mean ${prefix}${meant}?)`}`];
    }
    return value === undefined || check.isRight(value) ? [] : [`${prefix}${name}: expected ${check.expected}`];
  });
}

function oneOf(...names: readonly string[]): Check {
  return {
    expected: names.map((name) => JSON.stringify(name)).join(" or "),
    isRight: (value) => typeof value === "string" && names.includes(value),
  };
}

function isShape(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((size: unknown) => typeof size === "number" && Number.isSafeInteger(size) && size >= 0)
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
