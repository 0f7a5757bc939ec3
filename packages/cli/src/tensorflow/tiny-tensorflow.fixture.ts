import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { packTar } from "modern-tar";
import type { Artifacts, NpmArtifact } from "./artifacts.ts";
import { storedZip } from "./zip.fixture.ts";

/** A TensorFlow of a few kilobytes, made of the same parts as the real one: the addon links against both libraries and asks them for its numbers. */
export interface TinyTensorFlow {
  readonly artifacts: Artifacts;
  readonly wheel: Buffer;
  /** Tarballs of npm by name of the package. */
  readonly tarballs: ReadonlyMap<string, Buffer>;
}

const NODE_API = `
  #include <stddef.h>
  #include <stdint.h>
  extern "C" {
    typedef struct napi_env__* napi_env;
    typedef struct napi_value__* napi_value;
    int napi_create_int32(napi_env env, int32_t value, napi_value* result);
    int napi_set_named_property(napi_env env, napi_value object, const char* name, napi_value value);
  }
`;

const BINDING = `
  #include <node_api.h>
  #include "tensorflow/c/c_api.h"
  int backend();
  extern "C" __attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
    napi_value value;
    napi_create_int32(env, TF_Tiny() + backend(), &value);
    napi_set_named_property(env, exports, "first", value);
    return exports;
  }
`;

// 17 comes through the addon from both libraries: 10 + 7.
const INDEX = `
  const addon = require(require("@mapbox/node-pre-gyp").find(__dirname + "/../package.json"));
  exports.getBackend = () => require("long");
  exports.matMul = () => ({ dataSync: () => [addon.first, 39] });
`;

export async function tinyTensorFlow(): Promise<TinyTensorFlow> {
  const wheel = storedZip({
    "tensorflow/__init__.py": "raise SystemExit",
    "tensorflow/libtensorflow_cc.so.2": library("libtensorflow_cc.so.2", "TF_Tiny", 10),
    "tensorflow/libtensorflow_framework.so.2": library("libtensorflow_framework.so.2", "TF_Framework", 7),
    "tensorflow/include/tensorflow/c/c_api.h": 'extern "C" { int TF_Tiny(); int TF_Framework(); }\n',
  });
  const packages = {
    "@tensorflow/tfjs-node": {
      "dist/index.js": INDEX,
      "dist/left_out_test.js": "",
      "binding/tfjs_backend.cc": '#include "tensorflow/c/c_api.h"\nint backend() { return TF_Framework(); }\n',
      "binding/tfjs_binding.cc": BINDING,
    },
    long: { "index.js": 'module.exports = "tensorflow";\n' },
    koffi: { "index.js": 'exports.load = () => ({ func: () => () => "2.15.1" });\n' },
    "node-api-headers": { "include/node_api.h": NODE_API },
  };
  const tarballs = new Map<string, Buffer>();
  for (const [name, files] of Object.entries(packages)) tarballs.set(name, await tarball(name, files));
  const pinned = (name: string, keep: RegExp): NpmArtifact => ({
    name,
    version: "1.0.0",
    integrity: integrityOf(tarballs.get(name)!),
    keep,
  });
  const artifacts: Artifacts = {
    addon: pinned("@tensorflow/tfjs-node", /^(?:package\.json|binding\/.*|dist\/(?!.*test).*)$/),
    required: [pinned("long", /./), pinned("koffi", /./)],
    koffi: {},
    nodeApi: pinned("node-api-headers", /^include/),
    wheels: {
      [`${process.platform}-${process.arch}`]: {
        project: "tensorflow-cpu",
        file: "tensorflow_cpu-1.0.0-any.whl",
        sha256: createHash("sha256").update(wheel).digest("hex"),
      },
    },
    neededBytes: 1,
  };
  return { artifacts, wheel, tarballs };
}

export function integrityOf(data: Uint8Array): string {
  return `sha512-${createHash("sha512").update(data).digest("base64")}`;
}

async function tarball(name: string, files: Readonly<Record<string, string>>): Promise<Buffer> {
  const manifest = JSON.stringify({
    name,
    version: "1.0.0",
    main: "dist/index.js" in files ? "dist/index.js" : "index.js",
  });
  const entries = Object.entries({ "package.json": manifest, ...files });
  const packed = await packTar(
    entries.map(([path, body]) => ({
      header: { name: `package/${path}`, size: Buffer.byteLength(body), type: "file" as const },
      body,
    })),
  );
  return gzipSync(packed);
}

function library(soname: string, symbol: string, value: number): Buffer {
  const dir = mkdtempSync(join(tmpdir(), "bento-tiny-"));
  try {
    writeFileSync(join(dir, "a.cc"), `extern "C" int ${symbol}() { return ${value}; }\n`);
    execFileSync("g++", ["-shared", "-fPIC", `-Wl,-soname,${soname}`, "-o", "a.so", "a.cc"], { cwd: dir });
    return readFileSync(join(dir, "a.so"));
  } finally {
    rmSync(dir, { recursive: true });
  }
}
