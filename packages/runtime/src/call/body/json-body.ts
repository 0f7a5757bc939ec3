export {
  parseJsonBytes as parseJsonBody,
  type JsonBytesOptions as JsonBodyOptions,
} from "../../io/json-bytes/parse-json-bytes.ts";
