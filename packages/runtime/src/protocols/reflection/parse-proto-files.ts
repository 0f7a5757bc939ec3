import protobuf from "protobufjs";
import type { ProtoFile } from "./to-file-descriptor.ts";

/** Gives the text of a file by the name under which others import it; rejects when there is none. */
export type ReadProtoFile = (name: string) => Promise<string>;

/**
 * Parses files and all that they import, each behind what it imports; types are resolved among all of them.
 *
 * Files of `google/protobuf/` come with protobufjs. Throws what `read` throws, and protobufjs's error for text that is no `.proto`.
 */
export async function parseProtoFiles(names: readonly string[], read: ReadProtoFile): Promise<readonly ProtoFile[]> {
  const root = new protobuf.Root();
  const files = new Map<string, ProtoFile>();
  const taken = new Set<protobuf.ReflectionObject>();
  const add = async (name: string): Promise<void> => {
    if (files.has(name)) return;
    const own = protobuf.common.get(name) === null ? parseText(await read(name), root) : parseCommon(name, root);
    // Before its imports are added: what is new in the tree is this file's.
    const file = { name, ...own, members: newMembers(root, taken) };
    for (const imported of file.imports) await add(imported);
    files.set(name, file);
  };
  for (const name of names) await add(name);
  root.resolveAll();
  return [...files.values()];
}

type Head = Pick<ProtoFile, "package" | "imports">;

function parseText(text: string, root: protobuf.Root): Head {
  const { package: name = "", imports = [], weakImports = [] } = protobuf.parse(text, root, { keepCase: true });
  return { package: name, imports: [...imports, ...weakImports] };
}

/** None of those that come with protobufjs imports another. */
function parseCommon(name: string, root: protobuf.Root): Head {
  root.addJSON(protobuf.common.get(name)?.nested ?? {});
  return { package: "google.protobuf", imports: [] };
}

/** Messages, enums and services that no file has taken yet; packages are namespaces and belong to none. */
function newMembers(
  namespace: protobuf.NamespaceBase,
  taken: Set<protobuf.ReflectionObject>,
): readonly protobuf.ReflectionObject[] {
  return namespace.nestedArray.flatMap((member) => {
    if (
      member instanceof protobuf.Namespace &&
      !(member instanceof protobuf.Type || member instanceof protobuf.Service)
    )
      return newMembers(member, taken);
    if (taken.has(member)) return [];
    taken.add(member);
    return [member];
  });
}
