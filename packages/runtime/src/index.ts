import "./authoring/symbol-metadata.ts";

export type { ApiOptions } from "./authoring/api-options.ts";
export type { Context, ContextLabels, ContextLogger, ContextMetrics } from "./authoring/context.ts";
export { api, service } from "./authoring/decorators.ts";
export { type ApiMethod, type ApiResult, defineApi, type DefinedApi } from "./authoring/define-api.ts";
export { serviceClass } from "./authoring/define-service-class.ts";
export type { ServiceClass, ServiceOptions } from "./authoring/registry.ts";
export type { ServiceHooks } from "./authoring/create-service.ts";
export type { Principal } from "./call/types.ts";
export type { ExampleInput } from "./definition/define-service.ts";
export type { ErrorCode } from "./error-table.ts";
export { type Problem, ServingError, type ServingErrorOptions } from "./errors.ts";
export type { IoType, JsonSchema, JsonValue, NanPolicy } from "./io/types.ts";
export type { DataOf, DType } from "./tensor/dtype.ts";
export { createTensor, type NamedTensors, type Tensor, type TensorOf } from "./tensor/tensor.ts";
