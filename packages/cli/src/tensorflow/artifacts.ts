/** A package of npm that the addon needs, and which of its files. */
export interface NpmArtifact {
  readonly name: string;
  readonly version: string;
  /** Subresource integrity of the tarball, as npm's lock files have it. */
  readonly integrity: string;
  /** The files to keep, by path inside the package. */
  readonly keep: RegExp;
}

/** A wheel of PyPI that holds libtensorflow with its headers. */
export interface WheelArtifact {
  /** Normalised name of the project. Source: PEP 503. */
  readonly project: string;
  readonly file: string;
  readonly sha256: string;
}

/** All that makes up a native TensorFlow, each with the digest that it must have. */
export interface Artifacts {
  /** The package of the addon: the prepared folder is its copy. */
  readonly addon: NpmArtifact;
  /** What it requires when it runs. */
  readonly required: readonly NpmArtifact[];
  /** The native part of koffi, by which the runtime calls the library. By `<process.platform>-<process.arch>`. */
  readonly koffi: Readonly<Record<string, NpmArtifact>>;
  /** Headers of Node-API, to build with. */
  readonly nodeApi: NpmArtifact;
  /** By `<process.platform>-<process.arch>`. */
  readonly wheels: Readonly<Record<string, WheelArtifact>>;
  /** Free disk space that preparing takes: wheel, unpacked libraries and a stripped copy. */
  readonly neededBytes: number;
}

/** One bundle for Node, which is what `main` of these packages names: 7 MB of 270. */
const BUNDLE = /^(?:package\.json|dist\/tf[\w.-]*\.node\.js)$/;
const SCRIPTS = /^(?:package\.json|LICENSE.*|(?!.*(?:test|dist\/)).*\.js)$/;
const koffi = (os: string, cpu: string, integrity: string): NpmArtifact => ({
  name: `@koromix/koffi-${os}-${cpu}`,
  version: "3.3.4",
  integrity,
  keep: new RegExp(`^(?:package\\.json|index\\.js|${os}_${cpu}/koffi\\.node)$`),
});
const tfjs = (name: string, integrity: string): NpmArtifact => ({ name, version: "4.22.0", integrity, keep: BUNDLE });

/**
 * What is installed. Digests are of the files that the registries publish; a mirror has to serve the same.
 *
 * tfjs-node's own list of dependencies is longer: a command line, a downloader and what they need, none of which runs here.
 */
export const ARTIFACTS: Artifacts = {
  addon: {
    name: "@tensorflow/tfjs-node",
    version: "4.22.0",
    integrity: "sha512-uHrXeUlfgkMxTZqHkESSV7zSdKdV0LlsBeblqkuKU9nnfxB1pC6DtoyYVaLxznzZy7WQSegjcohxxCjAf6Dc7w==",
    keep: /^(?:package\.json|binding\/.*|dist\/(?!.*test|run_tests).*\.js)$/,
  },
  required: [
    tfjs(
      "@tensorflow/tfjs",
      "sha512-0TrIrXs6/b7FLhLVNmfh8Sah6JgjBPH4mZ8JGb7NU6WW+cx00qK5BcAZxw7NCzxj6N8MRAIfHq+oNbPUNG5VAg==",
    ),
    tfjs(
      "@tensorflow/tfjs-core",
      "sha512-LEkOyzbknKFoWUwfkr59vSB68DMJ4cjwwHgicXN0DUi3a0Vh1Er3JQqCI1Hl86GGZQvY8ezVrtDIvqR1ZFW55A==",
    ),
    tfjs(
      "@tensorflow/tfjs-layers",
      "sha512-lybPj4ZNj9iIAPUj7a8ZW1hg8KQGfqWLlCZDi9eM/oNKCCAgchiyzx8OrYoWmRrB+AM6VNEeIT+2gZKg5ReihA==",
    ),
    tfjs(
      "@tensorflow/tfjs-converter",
      "sha512-PT43MGlnzIo+YfbsjM79Lxk9lOq6uUwZuCc8rrp0hfpLjF6Jv8jS84u2jFb+WpUeuF4K33ZDNx8CjiYrGQ2trQ==",
    ),
    tfjs(
      "@tensorflow/tfjs-data",
      "sha512-dYmF3LihQIGvtgJrt382hSRH4S0QuAp2w1hXJI2+kOaEqo5HnUPG0k5KA6va+S1yUhx7UBToUKCBHeLHFQRV4w==",
    ),
    tfjs(
      "@tensorflow/tfjs-backend-cpu",
      "sha512-1u0FmuLGuRAi8D2c3cocHTASGXOmHc/4OvoVDENJayjYkS119fcTcQf4iHrtLthWyDIPy3JiPhRrZQC9EwnhLw==",
    ),
    tfjs(
      "@tensorflow/tfjs-backend-webgl",
      "sha512-H535XtZWnWgNwSzv538czjVlbJebDl5QTMOth4RXr2p/kJ1qSIXE0vZvEtO+5EC9b00SvhplECny2yDewQb/Yg==",
    ),
    {
      name: "long",
      version: "4.0.0",
      integrity: "sha512-XsP+KhQif4bjX1kbuSiySJFNAehNxgLb6hPRGJ9QsUr8ajHkuXGdrHmFUTUUXhDwVX2R5bY4JNZEwbUiMhV+MA==",
      keep: SCRIPTS,
    },
    {
      name: "seedrandom",
      version: "3.0.5",
      integrity: "sha512-8OwmbklUNzwezjGInmZ+2clQmExQPvomqjL7LFqOYqtmuxRgQYqOD3mHaU+MvZn5FLUeVxVfQjwLZW/n/JFuqg==",
      keep: SCRIPTS,
    },
    {
      name: "google-protobuf",
      version: "3.21.4",
      integrity: "sha512-MnG7N936zcKTco4Jd2PX2U96Kf9PxygAPKBug+74LHzmHXmceN16MmRcdgZv+DGef/S9YvQAfRsNCn4cjf9yyQ==",
      keep: SCRIPTS,
    },
    {
      name: "koffi",
      version: "3.3.4",
      integrity: "sha512-31Vr+LM+w1dEsNcOJtJWvYyUTjVc/SWOxNDZJxfhsBC6qZ5YVn98n5x1oBbDq5skxCbWD4SByJpNmq63fvg9Aw==",
      keep: /^(?:package\.json|LICENSE.*|index\.cjs|src\/koffi\/(?:.*\/)?(?:package\.json|[\w.]+\.cjs))$/,
    },
    {
      name: "progress",
      version: "2.0.3",
      integrity: "sha512-7PiHtLll5LdnKIMw100I+8xJXR5gW2QwWYkT6iJva0bXitZKa/XMrSbdmg3r2Xnaidz9Qumd0VPaMrZlF9V9sA==",
      keep: SCRIPTS,
    },
  ],
  koffi: {
    "linux-x64": koffi(
      "linux",
      "x64",
      "sha512-xi47MKuoQ9fA2SsrH6wljl9t9120hO66qEmb1le6q636q55J974cZfcwDrK5nW1GalJ+0NLXoH2T3/NGQBzPNw==",
    ),
    "linux-arm64": koffi(
      "linux",
      "arm64",
      "sha512-k6FPjEYDioyVihUqvRFX4QZK0RL/Rrn4xPEzrKxODxgLAUXlhBTut391zPzgsMcArXgN4YTuS11M/kxmA5s+Fg==",
    ),
  },
  nodeApi: {
    name: "node-api-headers",
    version: "1.9.0",
    integrity: "sha512-2oNILP4jXwRB4ywnYKjVk1YyJ96n2D4EOVJO6S3oYZ5PtbJrw3Yt9TpAuX3nBLMuzn74rnfGQrv13pS9vC+YiA==",
    keep: /^include\/[\w.]+\.h$/,
  },
  // Any Python will do: the library inside is the same for all of them.
  wheels: {
    "linux-x64": {
      project: "tensorflow-cpu",
      file: "tensorflow_cpu-2.15.1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
      sha256: "54660c074d7241a503e81edfd9f5ef5af88f64051b72e2945f26318c790f2d26",
    },
    "linux-arm64": {
      project: "tensorflow-cpu-aws",
      file: "tensorflow_cpu_aws-2.15.1-cp311-cp311-manylinux_2_17_aarch64.manylinux2014_aarch64.whl",
      sha256: "d4c3a3a9363bf42999adedbbd514e3a133be2d62f61fee9cfa46aaefb087c09e",
    },
  },
  neededBytes: 1_500_000_000,
};
