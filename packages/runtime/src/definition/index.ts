export { defineService, type ApiInput, type ExampleInput, type ServiceInput } from "./define-service.ts";
export { canonicalJson, digestOf } from "./digest.ts";
export { RESERVED_NAMES } from "./reserved.ts";
export type { ApiDefinition, ExampleDefinition, ExampleValue, Role, ServiceDefinition } from "./types.ts";
export type { IoSpec, JsonSchema, JsonValue, NanPolicy } from "../io/types.ts";
