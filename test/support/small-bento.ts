import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { defineService, digestOf } from "@bento-ts/runtime/definition";
import { dockerfile, dockerignore } from "../../packages/packager/src/image/dockerfile.ts";
import { PLAIN_FACTS } from "../../packages/packager/src/image/image-facts.fixture.ts";
import { type ImageFacts, planImage } from "../../packages/packager/src/image/image-plan.ts";
import { INIT_FILE_NAME, INIT_SCRIPT } from "../../packages/packager/src/image/init-script.ts";

const text = { kind: "text", maxLength: null } as const;
const definition = defineService({
  name: "small",
  version: "1.0.0",
  apis: [{ name: "echo", input: text, output: text }],
});

/** Writes a bento of a few files into a folder, for images of which no server is started; gives the folder. It has one script. */
export function writeSmallBento(
  dir: string,
  { script, ...change }: Partial<ImageFacts> & Pick<ImageFacts, "base"> & { readonly script: string },
): string {
  const facts: ImageFacts = {
    ...PLAIN_FACTS,
    name: "small",
    version: "1.0.0",
    description: 'a "small" one for $5',
    scripts: [{ path: "setup.sh", hasInterpreter: false }],
    env: { GREETING: '$HOME is \\ "here"' },
    ...change,
  };
  const plan = planImage(facts);
  const file = {
    formatVersion: 1,
    definition,
    definitionDigest: digestOf(definition),
    entry: "service/service.mjs",
    models: [],
    runtimeVersion: "0.1.0",
    nodeVersion: "24.21.0",
    platform: process.arch === "arm64" ? "linux/arm64" : "linux/amd64",
  };
  const files = {
    "bento.json": JSON.stringify(file),
    "image.json": JSON.stringify(plan),
    Dockerfile: dockerfile(plan),
    ".dockerignore": dockerignore(plan),
    [INIT_FILE_NAME]: INIT_SCRIPT,
    "node/bin/node": "",
    "node_modules/a/index.js": "1",
    "service/service.mjs": "2",
    "scripts/setup.sh": script,
    "not-for-the-image.txt": "3",
  };
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
  }
  return dir;
}
