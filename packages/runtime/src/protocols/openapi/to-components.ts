import type { JsonSchema, JsonValue } from "../../io/types.ts";
import { isJsonList, isJsonObject, type JsonObject } from "./json-object.ts";
import { mapSubschemas, words } from "./subschemas.ts";

/** A reference to a component schema. */
export type Reference = { readonly $ref: string };

/** Where component schemas are gathered; `add` gives the reference under which a schema stands from then on. */
export interface Components {
  add(name: string, schema: JsonSchema): Reference;
  /** All schemas by component name. */
  schemas(): JsonObject;
}

/**
 * Makes an empty set of component schemas.
 *
 * A schema that comes in is a document of its own (`$defs`, `$id`, `$ref: "#"`); inside OpenAPI such references would point at the OpenAPI document. So
 * whatever is referred to becomes a component as well and every reference points there.
 */
export function createComponents(): Components {
  const schemas = new Map<string, JsonValue>();
  const reserve = (wanted: string): string => {
    let name = wanted;
    for (let count = 2; schemas.has(name); count++) name = `${wanted}${count}`;
    schemas.set(name, {});
    return name;
  };
  return {
    add(wanted, schema) {
      const name = reserve(toComponentName(wanted));
      addTree(schema, { name, reserve, define: (key, value) => schemas.set(key, value) });
      return reference(name);
    },
    schemas: () => Object.fromEntries(schemas),
  };
}

/** A name fit for components and for class names in generated clients: letters and digits, upper case first. */
export function toComponentName(text: string): string {
  const words = text.match(/[A-Za-z0-9]+/g) ?? ["Schema"];
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

function reference(name: string): Reference {
  return { $ref: `#/components/schemas/${name}` };
}

interface Target {
  readonly name: string;
  readonly reserve: (wanted: string) => string;
  readonly define: (name: string, schema: JsonValue) => void;
}

function addTree(root: JsonSchema, { name, reserve, define }: Target): void {
  const bases = basesOf(root);
  const named = new Map<JsonObject, string>([[root, name]]);
  const waiting: JsonObject[] = [root];
  const nameOf = (node: JsonObject, label: string): string => {
    const known = named.get(node);
    if (known !== undefined) return known;
    const given = reserve(`${name}${toComponentName(label)}`);
    named.set(node, given);
    waiting.push(node);
    return given;
  };

  // References first, so that a place whose schema became a component refers to it wherever it stands.
  for (const [node, base] of bases) {
    const found = typeof node["$ref"] === "string" ? resolve(node["$ref"], { root, base, bases }) : undefined;
    if (found !== undefined) nameOf(found.node, found.label);
  }
  const rewrite = (value: JsonValue): JsonValue => {
    if (!isJsonObject(value)) return value;
    const component = named.get(value);
    return component === undefined ? rewriteInside(value) : reference(component);
  };
  const rewriteInside = (node: JsonObject): JsonObject => {
    const { $ref, ...rest } = Object.fromEntries(
      Object.entries(node).filter(([keyword]) => !OWN_DOCUMENT.has(keyword)),
    );
    const inside = mapSubschemas(rest, rewrite);
    if (typeof $ref !== "string") return inside;
    const found = resolve($ref, { root, base: bases.get(node) ?? root, bases });
    // Nothing is fetched from elsewhere: a schema that is not at hand is left open and says so.
    if (found === undefined) return { description: `as defined by ${$ref}`, ...inside };
    return { ...reference(nameOf(found.node, found.label)), ...inside };
  };
  for (const node of waiting) define(named.get(node) ?? name, rewriteInside(node));
}

/** Keywords by which a schema is a document of its own. */
const OWN_DOCUMENT = words("$schema $id $anchor $dynamicAnchor $dynamicRef $vocabulary $comment $defs definitions");

/** Each schema in a tree with the schema against which its references are resolved: the nearest around it with an `$id`, or the root. */
function basesOf(root: JsonSchema): ReadonlyMap<JsonObject, JsonObject> {
  const bases = new Map<JsonObject, JsonObject>();
  const visit = (value: JsonValue, outer: JsonObject): JsonValue => {
    if (!isJsonObject(value)) return value;
    const base = typeof value["$id"] === "string" ? value : outer;
    bases.set(value, base);
    mapSubschemas(value, (inner) => visit(inner, base));
    return value;
  };
  visit(root, root);
  return bases;
}

interface Scope {
  readonly root: JsonObject;
  readonly base: JsonObject;
  readonly bases: ReadonlyMap<JsonObject, JsonObject>;
}

interface Found {
  readonly node: JsonObject;
  /** A word for the component's name. */
  readonly label: string;
}

function resolve(ref: string, { root, base, bases }: Scope): Found | undefined {
  const mark = ref.indexOf("#");
  const id = mark < 0 ? ref : ref.slice(0, mark);
  const fragment = mark < 0 ? "" : ref.slice(mark + 1);
  const document = id === "" ? base : ([...bases.keys()].find((node) => node["$id"] === id) ?? definitionOf(root, id));
  if (document === undefined) return undefined;
  if (fragment === "") return { node: document, label: id };
  if (fragment.startsWith("/")) return walkPointer(document, fragment);
  const anchored = [...bases].find(([node, own]) => own === document && node["$anchor"] === fragment);
  return anchored === undefined ? undefined : { node: anchored[0], label: fragment };
}

function definitionOf(root: JsonObject, name: string): JsonObject | undefined {
  const definitions = root["$defs"];
  const found = isJsonObject(definitions) ? definitions[name] : undefined;
  return isJsonObject(found) ? found : undefined;
}

function walkPointer(document: JsonObject, pointer: string): Found | undefined {
  let value: JsonValue | undefined = document;
  let label = "";
  for (const token of pointer.slice(1).split("/")) {
    label = decodeToken(token);
    if (isJsonList(value)) value = value[Number(label)];
    else value = isJsonObject(value) && Object.hasOwn(value, label) ? value[label] : undefined;
  }
  return isJsonObject(value) ? { node: value, label } : undefined;
}

/** One step of a JSON Pointer in a URI fragment. Source: RFC 6901, sections 4 and 6. */
function decodeToken(token: string): string {
  return decodePercent(token).replaceAll("~1", "/").replaceAll("~0", "~");
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone % is no escape: the author means the character.
    return text;
  }
}
