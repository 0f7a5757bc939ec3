import { basename, dirname } from "node:path";
import type { BentoModel } from "@bento-ts/runtime/definition";
import type { BillItem } from "./bill.ts";

/** A model of one file is that file; one of several has each of them below it. */
export function modelItems({ source, engine, path, digest, files }: BentoModel): readonly BillItem[] {
  if (path === null || digest === null) return [];
  const [first] = files;
  const isOneFile = files.length === 1 && first !== undefined;
  const id = isOneFile ? path : dirname(path);
  const parts = isOneFile
    ? []
    : files.map((file): BillItem => ({
        id: file.path,
        kind: "model-file",
        name: basename(file.path),
        version: "",
        hashes: [{ algorithm: "sha256", hex: file.sha256 }],
        needs: [],
      }));
  return [
    {
      id,
      kind: "model",
      name: source,
      version: "",
      hashes: isOneFile ? [{ algorithm: "sha256", hex: first.sha256 }] : [],
      needs: parts.map((part) => part.id),
      facts: { digest, format: engine },
    },
    ...parts,
  ];
}
