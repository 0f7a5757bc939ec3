import type { KeyRow } from "../key-row.ts";
import { mapOf } from "../key-types-collections.ts";
import { projectPath } from "../key-types-files.ts";
import { orNull, text } from "../key-types.ts";

/** Keys about what is served. */
export const PROJECT_KEYS = {
  service: {
    type: orNull(projectPath("the service's entry file")),
    default: null,
    reason: "the command names its target",
    doc: "Entry file of the service, relative to the project folder.",
  },
  models: {
    type: mapOf(text({ label: "a store tag or a folder" }), {
      label: "model names to store tags or folders",
      names: {
        pattern: "^[A-Za-z0-9_$][A-Za-z0-9_.$-]{0,127}$",
        label: "a model's name of letters, digits, _ . $ and -",
      },
      sample: '{"forest":"boston:2"}',
    }),
    default: {},
    reason: "the code names its models",
    doc: "Model sources by name that replace the ones in the code: store tags (`name:version`) or folders.",
  },
} as const satisfies Record<string, KeyRow<unknown>>;
