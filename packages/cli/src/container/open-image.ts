import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type BentoFile, parseBentoFile, type ServiceDefinition } from "@bento-ts/runtime/definition";
import { failed } from "../command-error.ts";
import { type Engine, lastLine } from "./engine.ts";

/** An image of an engine with what was read of its bento. */
export interface OpenedImage {
  readonly engine: Engine;
  readonly reference: string;
  readonly entrypoint: readonly string[];
  readonly bento: BentoFile;
  /** Folder of this machine that the paths of its golden examples mean. */
  readonly baseDir: string;
  close(): Promise<void>;
}

/** What `image inspect` says, as far as it is used. */
export interface InspectedImage {
  readonly Id: string;
  readonly Architecture: string;
  readonly Os: string;
  readonly Size: number;
  readonly RepoDigests?: readonly string[];
  readonly Config: {
    readonly Entrypoint?: readonly string[] | null;
    readonly User?: string;
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly Env?: readonly string[] | null;
    readonly ExposedPorts?: Readonly<Record<string, object>> | null;
  };
}

/** An image of an engine; undefined when it has none of that name. Nothing is pulled. */
export async function inspectImage(
  engine: Engine,
  reference: string,
  signal?: AbortSignal,
): Promise<InspectedImage | undefined> {
  const { exitCode, stdout } = await engine.run(["image", "inspect", reference], signal);
  if (exitCode !== 0) return undefined;
  const [image] = JSON.parse(stdout) as readonly InspectedImage[];
  return image;
}

/**
 * Reads the bento of an image and the files of its golden examples out of a container that is never started.
 *
 * Throws CommandError for an image that holds no bento.
 */
export async function openImage(
  engine: Engine,
  { reference, image }: { readonly reference: string; readonly image: InspectedImage },
  signal?: AbortSignal,
): Promise<OpenedImage> {
  const temp = await mkdtemp(join(tmpdir(), "bento-image-"));
  const close = (): Promise<void> => rm(temp, { recursive: true, force: true });
  const container = `bento-read-${randomUUID()}`;
  const entrypoint = image.Config.Entrypoint ?? [];
  const flag = entrypoint.indexOf("--bento");
  const home = (flag === -1 ? undefined : entrypoint[flag + 1]) ?? "/app";
  const copy = async (path: string): Promise<boolean> => {
    await mkdir(dirname(join(temp, path)), { recursive: true });
    return (await engine.run(["cp", `${container}:${home}/${path}`, join(temp, path)], signal)).exitCode === 0;
  };
  try {
    // Not ended by the signal: a container that is made is removed below.
    const created = await engine.run(["create", "--name", container, reference]);
    if (created.exitCode !== 0)
      throw failed(`${engine.name} can't make a container of ${reference}: ${lastLine(created.stderr)}`);
    if (!(await copy("bento.json")))
      throw failed(
        `the image ${reference} holds no bento (${home}/bento.json): name one that "bento-ts build" has made`,
      );
    const bento = parseBentoFile(await readFile(join(temp, "bento.json"), "utf8"));
    const folder = dirname(bento.entry);
    for (const file of exampleFiles(bento.definition)) await copy(join(folder, file));
    return { engine, reference, entrypoint, bento, baseDir: join(temp, folder), close };
  } catch (cause) {
    await close();
    throw cause;
  } finally {
    await engine.run(["rm", "--force", container]);
  }
}

/** Each once; one that is missing is told by its example. */
function exampleFiles({ apis }: ServiceDefinition): ReadonlySet<string> {
  const values = apis.flatMap(({ examples }) => examples.flatMap(({ input, output }) => [input, output]));
  return new Set(values.flatMap((value) => (value !== null && "file" in value ? [value.file] : [])));
}
