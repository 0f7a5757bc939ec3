import { type Document, isAlias, isMap, isScalar, LineCounter, parseDocument, visit } from "yaml";

/** A YAML text as plain data; `tree` is undefined when there are faults. */
export interface YamlText {
  readonly tree: unknown;
  readonly faults: readonly YamlFault[];
  /** Where the key at a path stands, undefined where the text has none. */
  readonly placeOf: (segments: readonly string[]) => string | undefined;
}

export interface YamlFault {
  /** Line and column from 1: "3:9". */
  readonly place: string;
  readonly message: string;
}

// Anchors are of use in a file of a hundred lines. Each alias may multiply the size, and looking one up walks the whole text.
const MAX_ALIASES = 100;
const MAX_FAULTS = 10;

/** Reads one YAML 1.2 document; duplicate keys, unknown tags, several documents and more than 100 aliases are faults. */
export function readYamlText(text: string): YamlText {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    merge: false,
    logLevel: "error",
  });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${line}:${col}`;
  };
  const faults = [...syntaxFaults(document), ...aliasFaults(document)].sort((a, b) => a.at - b.at).slice(0, MAX_FAULTS);
  const placeOf = (segments: readonly string[]): string | undefined => {
    const offset = offsetOf(document, segments);
    return offset === undefined ? undefined : place(offset);
  };
  if (faults.length > 0)
    return { tree: undefined, faults: faults.map(({ at, message }) => ({ place: place(at), message })), placeOf };
  try {
    // The limit counts the anchored value itself too.
    const tree: unknown = document.toJS({ maxAliasCount: MAX_ALIASES + 1 });
    return { tree, faults: [], placeOf };
  } catch {
    // Past the faults above, only aliases of aliases that multiply past the limit are left.
    return {
      tree: undefined,
      faults: [{ place: "1:1", message: `aliases stand for more than ${MAX_ALIASES} values` }],
      placeOf,
    };
  }
}

interface FaultAt {
  readonly at: number;
  readonly message: string;
}

function syntaxFaults(document: Document): readonly FaultAt[] {
  const faults = [...document.errors, ...document.warnings].map(({ code, message, pos }) => ({
    at: pos[0],
    message,
    code,
  }));
  // A text that exhausts the parser's stack gives thousands of errors that all mean this one.
  const deep = faults.find(({ code }) => code === "RESOURCE_EXHAUSTION");
  return deep === undefined ? faults : [{ at: deep.at, message: "nested too deeply" }];
}

function aliasFaults(document: Document): readonly FaultAt[] {
  const aliases: { readonly at: number; readonly name: string; readonly isKnown: () => boolean }[] = [];
  visit(document, {
    Alias(_key, alias) {
      aliases.push({
        at: alias.range?.[0] ?? 0,
        name: alias.source,
        isKnown: () => alias.resolve(document) !== undefined,
      });
      return aliases.length > MAX_ALIASES ? visit.BREAK : undefined;
    },
  });
  const tooMany = aliases[MAX_ALIASES];
  if (tooMany !== undefined) return [{ at: tooMany.at, message: `more than ${MAX_ALIASES} aliases` }];
  return aliases
    .filter((alias) => !alias.isKnown())
    .map(({ at, name }) => ({ at, message: `alias *${name} has no anchor before it` }));
}

function offsetOf(document: Document, segments: readonly string[]): number | undefined {
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const segment of segments) {
    const inside = isAlias(node) ? node.resolve(document) : node;
    const pair = isMap(inside)
      ? inside.items.find(({ key }) => isScalar(key) && String(key.value) === segment)
      : undefined;
    if (pair === undefined) return undefined;
    offset = isScalar(pair.key) ? pair.key.range?.[0] : undefined;
    node = pair.value;
  }
  return offset;
}
