export { parseJsonBytes as parseJsonBody } from "../../io/json-bytes/parse-json-bytes.ts";
