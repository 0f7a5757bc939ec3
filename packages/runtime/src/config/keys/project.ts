import type { KeyRow } from "../key-row.ts";
import { mapOf, scalar } from "../key-types-collections.ts";
import { localPath, projectPath } from "../key-types-files.ts";
import { orNull, text } from "../key-types.ts";

/** A tag as the model store has them, or a path that means the same in every folder. */
const MODEL_PLACE = text({
  label: "a store tag such as forest:2, or the absolute path of a model file or folder",
  pattern:
    "^(?:[a-z0-9][a-z0-9._-]{0,127}:[a-z0-9][a-z0-9._-]{0,127}|(?:[A-Za-z]:)?[/\\\\][^\\u0000-\\u001f\\u007f]{0,4095})$",
});

/** Keys about what is served. */
export const PROJECT_KEYS = {
  service: {
    type: orNull(projectPath("the service's entry file")),
    default: null,
    reason: "the command names its target",
    doc: "Entry file of the service, relative to the project folder.",
  },
  models: {
    type: mapOf(MODEL_PLACE, {
      label: "models to store tags or absolute paths",
      names: {
        pattern: "^[^\\u0000-\\u001f\\u007f]{1,1024}$",
        label: "a model's name, or its source as the code writes it",
      },
      sample: '{"forest":"boston:2"}',
    }),
    default: {},
    reason: "the code names its models",
    doc: "Models to use instead of the ones that the code names: each key is a source as the code writes it (`models/forest.onnx`, `forest:1.2.0`) or the model's name (`forest` for both), each value a store tag or the absolute path of a file or folder.",
  },
  modelDir: {
    type: orNull(localPath("a file or folder on this machine")),
    default: null,
    reason: "models stand where the code names them",
    doc: "Where a platform has mounted models: the service's models are taken from there, by their names; where there is no service, the models there are served as they are.",
  },
  parameters: {
    type: mapOf(scalar(), {
      label: "parameters to texts, numbers and truth values",
      names: { pattern: "^[A-Za-z_][A-Za-z0-9_]{0,127}$", label: "a parameter's name of letters, digits and _" },
      sample: '{"threshold":0.5}',
    }),
    default: {},
    reason: "most services need none",
    doc: "Values for the constructor of the service's class, by name: those that it declares in `@service({ parameters })`.",
  },
} as const satisfies Record<string, KeyRow<unknown>>;
