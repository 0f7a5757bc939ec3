import { mkdir, mkdtemp, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import {
  findNativeTensorFlow,
  NATIVE_MANIFEST_NAME,
  verifyNativeTensorFlow,
  writeNativeManifest,
} from "@bento-ts/runtime/tensorflow";
import { expect, it, onTestFinished } from "vitest";
import { describeWith } from "../../../../test/support/needs.ts";
import { type InstalledTensorFlow, installTensorFlow } from "./install-tensorflow.ts";
import { type Registries, type RegistriesOptions, startRegistries } from "./registries.fixture.ts";
import { tinyTensorFlow } from "./tiny-tensorflow.fixture.ts";

describeWith("C++ compiler", "installTensorFlow", () => {
  const tiny = tinyTensorFlow();

  it("prepares library and addon from the registries that pip and npm are set to", async () => {
    const { home, install } = await machine();
    const installed = await install();
    expect(installed).toMatchObject({ wasThere: false, version: "2.15.1" });
    expect(findNativeTensorFlow({ BENTO_HOME: home })).toMatchObject({ addonDir: installed.addonDir });
    await expect(verifyNativeTensorFlow(installed)).resolves.toBeUndefined();
    expect(await filesIn(installed.addonDir)).toEqual([
      "bento-tensorflow.json",
      "deps/lib/libtensorflow_cc.so.2",
      "deps/lib/libtensorflow_framework.so.2",
      "dist/index.js",
      "lib/napi-v8/tfjs_binding.node",
      "node_modules/@mapbox/node-pre-gyp/index.js",
      "node_modules/koffi/index.js",
      "node_modules/koffi/package.json",
      "node_modules/long/index.js",
      "node_modules/long/package.json",
      "package.json",
    ]);
    expect(await filesIn(join(home, "tensorflow/tmp"))).toEqual([]);
    expect(await filesIn(join(home, "tensorflow/downloads"))).toEqual([]);
  });

  it("does nothing, and asks nobody, where it is prepared", async () => {
    const { install, registries } = await machine();
    await install();
    expect(await install()).toMatchObject({ wasThere: true });
    expect(registries.wheelRequests).toHaveLength(1);
  });

  it("prepares anew what is damaged", async () => {
    const { install } = await machine();
    const { libraryDir } = await install();
    await truncate(join(libraryDir, "libtensorflow_cc.so.2"), 5);
    expect(await install()).toMatchObject({ wasThere: false });
    expect(await install()).toMatchObject({ wasThere: true });
  });

  it("prepares anew what an older version prepared without koffi", async () => {
    const { install } = await machine();
    const { addonDir } = await install();
    await rm(join(addonDir, "node_modules/koffi"), { recursive: true });
    await rm(join(addonDir, NATIVE_MANIFEST_NAME));
    await writeNativeManifest(addonDir, { origin: "a test", signal: new AbortController().signal });
    expect(await install()).toMatchObject({ wasThere: false });
    expect(await filesIn(addonDir)).toContain("node_modules/koffi/package.json");
  });

  it("does one install at a time; who waits finds it done", async () => {
    const { install, registries, steps } = await machine();
    const both = await Promise.all([install(), install()]);
    expect(both.filter(({ wasThere }) => wasThere)).toHaveLength(1);
    expect(registries.wheelRequests).toHaveLength(1);
    expect(steps).toContain("waiting for another install");
  });

  it("goes on where the connection broke", async () => {
    const { install, registries } = await machine({ cutAfterBytes: 10_000 });
    expect(await install()).toMatchObject({ wasThere: false });
    const { wheel } = await tiny;
    const starts = Array.from({ length: Math.ceil(wheel.length / 10_000) }, (_, at) => at * 10_000);
    expect(registries.wheelRequests).toEqual(starts.map((start) => (start === 0 ? "" : `bytes=${start}-`)));
  });

  it("begins again where a server knows no ranges", async () => {
    const { home, install, registries } = await machine({ ranges: false });
    await begunDownload(home, (await tiny).wheel.subarray(0, 5000));
    expect(await install()).toMatchObject({ wasThere: false });
    expect(registries.wheelRequests).toEqual(["bytes=5000-"]);
  });

  it("throws away a beginning that belongs to another file", async () => {
    const { home, install, registries } = await machine();
    await begunDownload(home, Buffer.alloc(5000));
    expect(await install()).toMatchObject({ wasThere: false });
    expect(registries.wheelRequests).toEqual(["bytes=5000-", ""]);
  });

  it("reads the older kind of index as well", async () => {
    const { install } = await machine({ html: true });
    expect(await install()).toMatchObject({ wasThere: false });
  });

  it("refuses a wheel with another SHA-256, and keeps nothing of it", async () => {
    const { home, install } = await machine({ wheel: Buffer.from("another file") });
    await expect(install()).rejects.toThrow(
      /tensorflow_cpu-1\.0\.0-any\.whl is not the file that was expected: its SHA-256 is [0-9a-f]{64}, not [0-9a-f]{64}; use another mirror/,
    );
    expect(await filesIn(join(home, "tensorflow"))).toEqual([]);
  });

  it("refuses a package with another integrity", async () => {
    const { tarballs } = await tiny;
    const { install } = await machine({
      tarballs: new Map([...tarballs, ["long", tarballs.get("node-api-headers")!]]),
    });
    await expect(install()).rejects.toThrow(
      /the registry's long@1\.0\.0 is not the package that was expected: its integrity is sha512-.*, not sha512-.*; use another registry/,
    );
  });

  it("says what to do when the index does not list the library, without the password in its address", async () => {
    const { install, registries } = await machine({ wheelName: "other.whl" });
    const index = registries.env["PIP_INDEX_URL"]!.replace("http://", "http://ann:secret@");
    const failure = await install({ PIP_INDEX_URL: index }).catch((cause: unknown) => String(cause));
    expect(failure).toContain("was not found: http://127.0.0.1");
    expect(failure).toContain("name a mirror of PyPI by PIP_INDEX_URL");
    expect(failure).not.toContain("secret");
  });

  it("says what to do without a network", async () => {
    const { install } = await machine();
    await expect(install({ PIP_INDEX_URL: "http://127.0.0.1:1/simple" })).rejects.toThrow(
      /can't be reached \(connect ECONNREFUSED 127\.0\.0\.1:1\); check the network/,
    );
  });

  it("says what to do without a compiler, before anything is downloaded", async () => {
    const { install, registries } = await machine();
    await expect(install({ CXX: "no-such-compiler" })).rejects.toThrow(
      'needs a C++ compiler, and none is found: install one (Debian and Ubuntu: "apt-get install g++"',
    );
    expect(registries.wheelRequests).toEqual([]);
  });

  it("says what to do when the disk has no room", async () => {
    const { home, install } = await machine();
    await expect(install({}, { neededBytes: 1e18 })).rejects.toThrow(
      new RegExp(`needs 1000000000\\.0 GB in ${home}/tensorflow, and .* are free: free some space, or set BENTO_HOME`),
    );
  });

  it("removes what a run of this machine left that was killed", async () => {
    const { home, install } = await machine();
    const left = join(home, "tensorflow/tmp", `${hostname()}-1`, "staged");
    await mkdir(left, { recursive: true });
    await install();
    expect(await readdir(join(home, "tensorflow/tmp"))).toEqual([]);
  });

  it("leaves the download alone when it is interrupted", async () => {
    const { home, install } = await machine();
    const stop = new AbortController();
    await expect(
      install(
        {},
        { onStep: (step) => step === "building the addon" && stop.abort(new Error("stopped")), signal: stop.signal },
      ),
    ).rejects.toThrow("stopped");
    expect(await filesIn(join(home, "tensorflow"))).toEqual(["downloads/tensorflow_cpu-1.0.0-any.whl"]);
  });

  interface Machine {
    readonly home: string;
    readonly registries: Registries;
    readonly steps: string[];
    install(env?: Readonly<Record<string, string>>, changed?: Changed): Promise<InstalledTensorFlow>;
  }

  interface Changed {
    readonly neededBytes?: number;
    readonly onStep?: (step: string) => unknown;
    readonly signal?: AbortSignal;
  }

  async function machine(changed: Partial<RegistriesOptions> = {}): Promise<Machine> {
    const { artifacts, wheel, tarballs } = await tiny;
    const home = await mkdtemp(join(tmpdir(), "bento-tensorflow-"));
    onTestFinished(() => rm(home, { recursive: true }));
    const registries = await startRegistries({
      wheelName: "tensorflow_cpu-1.0.0-any.whl",
      wheel,
      tarballs,
      ...changed,
    });
    const steps: string[] = [];
    return {
      home,
      registries,
      steps,
      install: (env = {}, { neededBytes = 1, onStep, signal = new AbortController().signal } = {}) =>
        installTensorFlow({
          artifacts: { ...artifacts, neededBytes },
          env: {
            ...process.env,
            PIP_CONFIG_FILE: "/dev/null",
            npm_config_cache: join(home, "npm"),
            BENTO_HOME: home,
            ...registries.env,
            ...env,
          },
          watcher: { onStep: (step) => (steps.push(step), onStep?.(step)), onBytes: () => undefined },
          signal,
        }),
    };
  }
});

async function begunDownload(home: string, bytes: Uint8Array): Promise<void> {
  await mkdir(join(home, "tensorflow/downloads"), { recursive: true });
  await writeFile(join(home, "tensorflow/downloads/tensorflow_cpu-1.0.0-any.whl"), bytes);
}

async function filesIn(dir: string): Promise<readonly string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
    .sort();
}
