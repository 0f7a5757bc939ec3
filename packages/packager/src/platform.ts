import { ServingError } from "@bento-ts/runtime/definition";

/** What an image is made for. Its base has glibc: native parts of the runtime exist for nothing else. */
export interface Platform {
  readonly os: "linux";
  /** As npm and Node write it. */
  readonly cpu: "x64" | "arm64";
}

/** What native code is made for. */
export interface Machine {
  /** As npm and Node write it, as `cpu` is. */
  readonly os: string;
  readonly cpu: string;
  readonly libc: "glibc" | "musl" | undefined;
}

/** The machine that containers of a platform are. */
export function machineOf({ os, cpu }: Platform): Machine {
  return { os, cpu, libc: "glibc" };
}

/** The machine that this process runs on. */
export function ownMachine(): Machine {
  const { platform: os, arch: cpu } = process;
  if (os !== "linux") return { os, cpu, libc: undefined };
  const { header } = process.report.getReport() as { readonly header?: { readonly glibcVersionRuntime?: string } };
  return { os, cpu, libc: header?.glibcVersionRuntime === undefined ? "musl" : "glibc" };
}

const DOCKER_NAMES = { x64: "linux/amd64", arm64: "linux/arm64" } as const satisfies Record<Platform["cpu"], string>;

/** The platform of containers on a machine of this architecture. Throws FAILED_PRECONDITION for one that images are not made for. */
export function containerPlatform(arch: string = process.arch): Platform {
  if (arch !== "x64" && arch !== "arm64") {
    throw new ServingError("FAILED_PRECONDITION", `images are made for x64 and arm64, this machine is ${arch}`);
  }
  return { os: "linux", cpu: arch };
}

/** A platform as container engines write it: `linux/amd64`. */
export function dockerPlatform(platform: Platform): string {
  return DOCKER_NAMES[platform.cpu];
}

/** Reads a platform as container engines write it. Throws INVALID_ARGUMENT for one that images are not made for. */
export function parsePlatform(text: string): Platform {
  for (const cpu of ["x64", "arm64"] as const) if (DOCKER_NAMES[cpu] === text) return { os: "linux", cpu };
  const known = Object.values(DOCKER_NAMES).join(" and ");
  throw new ServingError("INVALID_ARGUMENT", `images are made for ${known}, not for "${text}"`);
}
