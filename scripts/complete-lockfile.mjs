// Adds the platform packages that package-lock.json leaves out, and prints their names.
//
// npm drops an optional package from the lock when the registry in use does not carry it, as some mirrors don't for other systems;
// "npm ci" then refuses the lock, on every system. Entries that are written here hold no integrity at first. Those that go into images, which are made for
// Linux with glibc on x64 and arm64, get the one that the registry in use tells; for one that it doesn't carry run this again with another registry.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const OS = {
  darwin: "darwin",
  win32: "win32",
  windows: "win32",
  freebsd: "freebsd",
  android: "android",
  linux: "linux",
};
const CPU = {
  x64: "x64",
  64: "x64",
  arm64: "arm64",
  arm: "arm",
  ia32: "ia32",
  ppc64: "ppc64",
  riscv64: "riscv64",
  s390x: "s390x",
};
const LIBC = { gnu: "glibc", gnueabihf: "glibc", musl: "musl", musleabihf: "musl" };

const file = process.argv[2] ?? new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
const added = [];
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (isLocked(path, name)) continue;
    const { cpu, libc, os } = platformOf(name);
    lock.packages[`node_modules/${name}`] = { version, cpu, dev: entry.dev, libc, optional: true, os };
    added.push(`${name}@${version}`);
  }
}
const pinned = [];
const unknown = [];
for (const [path, entry] of Object.entries(lock.packages)) {
  if (entry.integrity !== undefined || !goesIntoImages(entry)) continue;
  const name = `${path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length)}@${entry.version}`;
  const integrity = integrityOf(name);
  (integrity === undefined ? unknown : pinned).push(name);
  const { version, ...others } = entry;
  if (integrity !== undefined) lock.packages[path] = { version, integrity, ...others };
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en")));
if (added.length + pinned.length > 0) writeFileSync(file, `${JSON.stringify(lock, undefined, 2)}\n`);
console.log(
  added.length + pinned.length === 0 ? "package-lock.json has no more to add" : [...added, ...pinned].join("\n"),
);
for (const name of unknown) console.warn(`the registry in use doesn't carry ${name}: images for its platform lack it`);

/** Whether a package is for one of the systems of images alone, and is no tool of development. */
function goesIntoImages({ dev, optional, os = [], cpu = [], libc = ["glibc"] }) {
  const isMeant = os.includes("linux") && cpu.some((one) => one === "x64" || one === "arm64") && libc.includes("glibc");
  return optional === true && dev !== true && isMeant;
}

/** Says whether a package finds another one among the locked ones, in its own folder or one further up. */
function isLocked(from, name) {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/node_modules/")))) {
    if (lock.packages[`${at === "" ? "" : `${at}/`}node_modules/${name}`] !== undefined) return true;
    if (at === "") return false;
  }
}

/** What a platform package's name tells of the systems that it is for. */
function platformOf(name) {
  const words = name.slice(name.lastIndexOf("/") + 1).split("-");
  const pick = (table) => words.flatMap((word) => table[word] ?? []);
  const [os, cpu, libc] = [pick(OS), pick(CPU), pick(LIBC)];
  // Openharmony is no system that Node names otherwise.
  const system = words.includes("openharmony") ? ["openharmony"] : os;
  if (system.length !== 1 || cpu.length !== 1)
    throw new Error(`${name}: its name tells no platform, add it to the lock by hand`);
  return { cpu, libc: libc.length === 0 ? undefined : libc, os: system };
}

/** What the registry in use says of a package's content, undefined of one that it doesn't carry. */
function integrityOf(name) {
  try {
    const told = execFileSync("npm", ["view", name, "dist.integrity", "--json"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    return JSON.parse(told.toString());
  } catch (error) {
    if (/"code": "E404"/.test(String(error.stdout))) return undefined;
    throw error;
  }
}
