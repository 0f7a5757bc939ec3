import { readFile } from "node:fs/promises";

/** Where the `.proto` files lie: in the workspace, or beside the built code, where the build copies them. */
const PROTO_FOLDER = new URL(
  import.meta.url.endsWith(".ts") ? "../../../../../protos/" : "../protos/",
  import.meta.url,
);

/** The text of a file of `protos/`, by the name under which others import it. */
export function readProtoFile(name: string): Promise<string> {
  return readFile(new URL(name, PROTO_FOLDER), "utf8");
}
