import { basename, dirname, join } from "node:path";
import { readPackage } from "../dependencies/installed-package.ts";
import { type StagedTensorFlow, TENSORFLOW_FOLDER } from "../stage-tensorflow.ts";
import type { BillItem } from "./bill.ts";
import { genericPurl, npmPurl } from "./purl.ts";

/** What a native TensorFlow in a bento is made of: its libraries, and the packages of npm that come with them. */
export function tensorFlowItems(stage: string, tensorFlow: StagedTensorFlow | undefined): readonly BillItem[] {
  if (tensorFlow === undefined) return [];
  const packages = tensorFlow.files
    .filter(({ path }) => PACKAGE.test(path))
    .map(({ path }) => packageItem(stage, path));
  const libraries = tensorFlow.files
    .filter(({ path }) => LIBRARY.test(path))
    .map((file) => libraryItem(file, tensorFlow.version));
  return [...packages, ...libraries];
}

/** The prepared folder is a package itself, those that it needs stand below it. */
const PACKAGE = /^(?:node_modules\/(?:@[^/]+\/)?[^/]+\/)?package\.json$/;
const LIBRARY = /\/libtensorflow[^/]*\.so[.\d]*$/;

function packageItem(stage: string, path: string): BillItem {
  const id = join(TENSORFLOW_FOLDER, dirname(path));
  const { name, version, licence } = readPackage(join(stage, id)).json;
  return { id, kind: "package", name, version, licence, purl: npmPurl(name, version), hashes: [], needs: [] };
}

function libraryItem({ path, sha256 }: StagedTensorFlow["files"][number], version: string): BillItem {
  const id = join(TENSORFLOW_FOLDER, path);
  const name = basename(path).replace(/\.so[.\d]*$/, "");
  return {
    id,
    kind: "library",
    name,
    version,
    licence: "Apache-2.0",
    purl: genericPurl(name, version),
    hashes: [{ algorithm: "sha256", hex: sha256 }],
    needs: [],
    facts: { path: id },
  };
}
