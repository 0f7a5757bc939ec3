import { readFile, stat } from "node:fs/promises";
import type { Problem } from "../errors.ts";
import type { Layer, LayerName } from "./layer.ts";
import { objectLayer } from "./object-layer.ts";

// A configuration of this product has a hundred lines; a text this long would only keep the parser busy.
const MAX_FILE_BYTES = 256 * 1024;

/** A YAML file and its name in messages; where it is optional, its absence says nothing. */
export interface YamlFile {
  readonly path: string;
  readonly shownAs: string;
  readonly optional: boolean;
}

/** The layer of a YAML file. A file that is missing, unreadable or no YAML is a problem of the layer. */
export async function yamlLayer(name: LayerName, file: YamlFile): Promise<Layer> {
  const empty = { name, given: [], warnings: [] };
  const refused = (message: string): readonly Problem[] => [{ path: file.shownAs, message }];
  const content = await readBounded(file.path);
  if (content === "missing") return { ...empty, problems: file.optional ? [] : refused("no such file") };
  if (content === "unreadable") return { ...empty, problems: refused("can't be read as a file") };
  if (content === "too large") return { ...empty, problems: refused(`larger than ${MAX_FILE_BYTES / 1024} KiB`) };
  // The parser is a third of what configuration takes to load, and most starts have no file.
  const { readYamlText } = await import("./yaml-text.ts");
  const yaml = readYamlText(content.text);
  if (yaml.faults.length > 0) {
    return {
      ...empty,
      problems: yaml.faults.map(({ place, message }) => ({ path: `${file.shownAs}:${place}`, message })),
    };
  }
  return objectLayer(name, yaml.tree, (segments) => {
    const place = yaml.placeOf(segments);
    return place === undefined ? file.shownAs : `${file.shownAs}:${place}`;
  });
}

async function readBounded(path: string): Promise<{ readonly text: string } | "missing" | "unreadable" | "too large"> {
  try {
    const facts = await stat(path);
    if (!facts.isFile()) return "unreadable";
    if (facts.size > MAX_FILE_BYTES) return "too large";
    return { text: await readFile(path, "utf8") };
  } catch (cause) {
    // Why the system refuses is not told apart: the user has to look at the file either way.
    return cause instanceof Error && "code" in cause && cause.code === "ENOENT" ? "missing" : "unreadable";
  }
}
