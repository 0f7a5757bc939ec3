import { CODINGS } from "./corpus/codings.ts";
import { CONTENT_TYPES } from "./corpus/content-types.ts";
import { CSV_TEXTS } from "./corpus/csv-texts.ts";
import { FORMS } from "./corpus/forms.ts";
import type { HostileRequest } from "./corpus/hostile-request.ts";
import { JSON_TEXTS } from "./corpus/json-texts.ts";
import { LENGTHS } from "./corpus/lengths.ts";
import { PATHS_AND_METHODS } from "./corpus/paths.ts";
import { PICTURES } from "./corpus/pictures.ts";
import { WRONG_MEMBERS } from "./corpus/wrong-members.ts";
import { WRONG_VALUES } from "./corpus/wrong-values.ts";

/** Requests that must each be answered with a 4xx that says what is wrong and where. */
export const CORPUS: readonly HostileRequest[] = [
  ...JSON_TEXTS,
  ...WRONG_VALUES,
  ...WRONG_MEMBERS,
  ...CSV_TEXTS,
  ...PICTURES,
  ...FORMS,
  ...CODINGS,
  ...CONTENT_TYPES,
  ...LENGTHS,
  ...PATHS_AND_METHODS,
];
