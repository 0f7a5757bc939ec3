import protobuf from "protobufjs";
import { parseProtoFiles, type ReadProtoFile } from "./parse-proto-files.ts";
import { type ProtoFile, toFileDescriptor } from "./to-file-descriptor.ts";

/** Serialized `FileDescriptorProto`s by what clients know of them. Each answer holds the file that was meant and, behind it, all that it imports. */
export interface DescriptorPool {
  /** By the name under which other files import it. */
  file(name: string): readonly Uint8Array[] | undefined;
  /** By the full name of a message, enum, service or method in it. */
  symbol(name: string): readonly Uint8Array[] | undefined;
}

/** Makes the pool of these files and of what they import. Throws as `parseProtoFiles` does. */
export async function createDescriptorPool(names: readonly string[], read: ReadProtoFile): Promise<DescriptorPool> {
  const files = await parseProtoFiles(names, read);
  const byName = new Map(files.map((file) => [file.name, file]));
  const encoded = new Map(files.map((file) => [file.name, toFileDescriptor(file)]));
  const bySymbol = new Map(
    files.flatMap((file) => file.members.flatMap(symbolsOf).map((symbol) => [symbol, file.name])),
  );
  const withImports = (name: string): readonly Uint8Array[] | undefined => {
    if (!byName.has(name)) return undefined;
    return [...closureOf(name, byName)].flatMap((one) => encoded.get(one) ?? []);
  };
  return {
    file: withImports,
    symbol: (name) => withImports(bySymbol.get(name.replace(/^\./, "")) ?? ""),
  };
}

/** The name of a file and of all that it imports, itself first. */
function closureOf(
  name: string,
  files: ReadonlyMap<string, ProtoFile>,
  found = new Set<string>(),
): ReadonlySet<string> {
  if (found.has(name)) return found;
  found.add(name);
  for (const imported of files.get(name)?.imports ?? []) closureOf(imported, files, found);
  return found;
}

function symbolsOf(member: protobuf.ReflectionObject): readonly string[] {
  const own = member.fullName.slice(1);
  if (member instanceof protobuf.Service) return [own, ...member.methodsArray.map(({ name }) => `${own}.${name}`)];
  return member instanceof protobuf.Type ? [own, ...member.nestedArray.flatMap(symbolsOf)] : [own];
}
