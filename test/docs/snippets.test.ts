import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { registeredService, type ServiceClass } from "../../packages/runtime/src/authoring/registered-service.ts";
import { listen, type ListeningService } from "../support/listening-service.ts";
import { type Finished, run } from "../support/cli.ts";
import { root, serve, type ServerProcess } from "../support/server-process.ts";
import { type Block, readBlocks, readPage, scriptOf, type Step, stepsOf } from "./blocks.ts";
import { differenceFrom } from "./shown.ts";

// A page's TypeScript block that imports the runtime is a complete module and compiles; a word behind "ts" is its file name. A block ```bash run NAME (or
// python, js) is run against the service of that file, or against examples/boston, and prints what its comments show.
const blocks = await readBlocks();
const modules = blocks.filter(({ lang, text }) => lang === "ts" && /from "(@bento-ts\/runtime|vitest)/.test(text));
const fileOf = ({ words, place }: Block): string => words[0] ?? `${place.replaceAll(/\W/g, "_")}.ts`;
const bin = `${root}packages/cli/dist/bin.js`;
const runs = blocks.filter(({ words }) => words[0] === "run");

let dir = "";
let boston: ServerProcess;
/** Begun together, since each takes seconds. */
let compiling: Promise<Finished>;
let testing: Promise<Finished>;
const listening = new Map<string, ListeningService>();

beforeAll(async () => {
  // Inside the workspace, so that the packages are found as an author's compiler finds them; with a model as `bento-ts init` brings it.
  dir = await mkdtemp(join(root, "test/docs/.snippets-"));
  for (const block of modules) await writeFile(join(dir, fileOf(block)), `${block.text}\n`);
  const [options] = blocks.filter(({ lang, text }) => lang === "json" && text.includes("compilerOptions"));
  await writeFile(join(dir, "tsconfig.json"), options?.text ?? "");
  for (const name of ["models", "examples"]) {
    await symlink(join(root, "packages/cli/templates/tabular", name), join(dir, name));
  }
  // Each of the compiler's threads would work out the types of the packages anew.
  const compiler = join(root, "node_modules/.bin/tsc");
  compiling = run(compiler, ["-p", dir, "--pretty", "false", "--singleThreaded"]);
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", "--root", dir, "--reporter", "dot"];
  testing = run(process.execPath, args, { NO_COLOR: "1", FORCE_COLOR: undefined });
  boston = await serve(`${root}examples/boston`, {
    flags: ["--workers", "1", "--grpc-port", "0"],
    env: { BENTO_SERVER_DRAIN_DELAY: "0s", BENTO_TELEMETRY_LOG_LEVEL: "info" },
  });
});

afterAll(async () => {
  await Promise.allSettled([compiling, testing, boston.stop()]);
  for (const service of listening.values()) await service.close();
  await rm(dir, { recursive: true, force: true });
});

describe("the code on the pages", () => {
  it("compiles under the options that the pages name", async () => {
    expect(await compiling).toMatchObject({ stdout: "", exitCode: 0 });
    expect(modules.length).toBeGreaterThan(8);
  });

  it("passes the tests that it shows", async () => {
    const { exitCode, stdout } = await testing;
    expect(stdout).toMatch(/Tests +4 passed/);
    expect(exitCode).toBe(0);
  });
});

describe("a command on a page prints what the page shows", () => {
  const placesOf = async (name: string): Promise<Pick<ServerProcess, "url" | "adminUrl" | "grpcAddress">> => {
    if (name === "examples/boston") return boston;
    const known = listening.get(name);
    if (known !== undefined) return { ...known, adminUrl: "" };
    const exported = (await import(/* @vite-ignore */ join(dir, name))) as Record<string, ServiceClass>;
    const service = Object.values(exported).find((value) => registeredService(value) !== undefined);
    if (service === undefined) throw new Error(`${name} exports no service`);
    const started = await listen(service, { baseDir: dir });
    listening.set(name, started);
    return { ...started, adminUrl: "" };
  };

  for (const block of runs) {
    const missing = missingFor(block);
    const note = missing === undefined ? "" : ` [skipped: ${missing}]`;
    it.skipIf(missing !== undefined)(`${block.place}${note}`, async () => {
      const { url, adminUrl, grpcAddress } = await placesOf(block.words[1] ?? "");
      const steps = stepsIn(block);
      expect(steps.length).toBeGreaterThan(0);
      for (const { command, shown } of steps) {
        const here = command
          .replaceAll("http://127.0.0.1:3000", url)
          .replaceAll("http://127.0.0.1:3002", adminUrl)
          .replaceAll("127.0.0.1:3001", grpcAddress)
          .replace(/npx bento-ts (\w+) (\S+\.ts)/, `'${process.execPath}' '${bin}' $1 '${dir}/$2'`);
        const printed = await print(block.lang, here);
        expect(differenceFrom(printed, shown), command).toBeUndefined();
      }
    });
  }

  it("names every metric of the server, and none that it has not", async () => {
    await fetch(`${boston.url}/score`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"df": []}',
    });
    // A worker that has just started may not answer a first scrape in time.
    const scrapes = [await scrape(boston), await scrape(boston)];
    const names = new Set(scrapes.flatMap((text) => [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)));
    const page = await readPage("docs/operations.md");
    const named = new Set([...page.matchAll(/`((?:bento|process|nodejs)_[a-z_]+)`/g)].map(([, name]) => name));
    // This server has no TLS: test/e2e/tls.test.ts scrapes one that has.
    expect([...named].filter((name) => !names.has(name) && name?.startsWith("bento_tls_") !== true)).toEqual([]);
    expect([...names].filter((name) => name?.startsWith("bento_") === true && !named.has(name))).toEqual([]);
  });
});

async function scrape({ adminUrl }: ServerProcess): Promise<string> {
  return (await fetch(`${adminUrl}/metrics`)).text();
}

interface Program {
  readonly file: string;
  readonly args: readonly string[];
  /** How a comment begins. */
  readonly comment: string;
  /** What a script of this language needs, and a command that shows that it is there. */
  readonly need?: { readonly name: string; readonly probe: readonly [file: string, ...args: string[]] };
}

const PROGRAMS: Readonly<Record<string, Program>> = {
  bash: { file: "bash", args: ["-c"], comment: "#", need: { name: "curl", probe: ["curl", "--version"] } },
  python: {
    file: "python3",
    args: ["-c"],
    comment: "#",
    need: { name: "Python with requests", probe: ["python3", "-c", "import requests"] },
  },
  js: { file: process.execPath, args: ["--input-type=module", "-e"], comment: "//" },
};

const GRPCURL: NonNullable<Program["need"]> = { name: "grpcurl", probe: ["grpcurl", "--version"] };

/** Where scripts/install-interop-clients.sh puts Python with its clients, and grpcurl. */
const CLIENTS = join(process.env["BENTO_CACHE"] ?? join(homedir(), ".cache/bento-ts"), "interop");
const ENV = { ...process.env, PATH: [`${CLIENTS}/venv/bin`, process.env["PATH"], `${CLIENTS}/bin`].join(":") };

/** What a block's scripts need and this machine lacks, and what brings it; in CI nothing may be missing. */
function missingFor({ lang, text }: Block): string | undefined {
  const need = text.includes("grpcurl ") ? GRPCURL : PROGRAMS[lang]?.need;
  if (need === undefined || process.env["CI"] === "true") return undefined;
  const [file, ...args] = need.probe;
  if (spawnSync(file, args, { stdio: "ignore", env: ENV }).status === 0) return undefined;
  return `${need.name} is missing: run scripts/install-interop-clients.sh`;
}

function stepsIn({ lang, text }: Block): readonly Step[] {
  return lang === "bash" ? stepsOf(text) : [scriptOf(text, PROGRAMS[lang]?.comment ?? "#")];
}

/** What a script writes to standard output, whatever it ends with: curl reports a stream that was cut. */
function print(lang: string, script: Step["command"]): Promise<string> {
  const { file, args } = PROGRAMS[lang] ?? { file: "false", args: [] };
  return new Promise((resolve, reject) => {
    execFile(file, [...args, script], { cwd: root, env: ENV }, (error, stdout, stderr) => {
      if (stdout === "" && error !== null) reject(new Error(`${file} printed nothing: ${stderr}`));
      else resolve(stdout);
    });
  });
}
