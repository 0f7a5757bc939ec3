export type { Access, AllowRule, AuthMethod, Authorize, ClaimPath, DenyRule, RuleValue } from "./access/types.ts";
export { ruleText } from "./access/rule-text.ts";
export {
  BENTO_FILE_NAME,
  BENTO_FORMAT_VERSION,
  type BentoFile,
  type BentoModel,
  type BentoModelFile,
  type BentoSource,
  parseBentoFile,
} from "./bento-file.ts";
export { defineService, type ApiInput, type ExampleInput, type ServiceInput } from "./define-service.ts";
export { canonicalJson, digestOf } from "./digest.ts";
export { RESERVED_NAMES } from "./reserved.ts";
export { toServiceName } from "./to-service-name.ts";
export type {
  ApiDefinition,
  BatchDefinition,
  ExampleDefinition,
  ExampleValue,
  Role,
  ServiceDefinition,
} from "./types.ts";
export type { IoSpec, JsonSchema, JsonValue, NanPolicy } from "../io/types.ts";
export { type Problem, ServingError } from "../errors.ts";
