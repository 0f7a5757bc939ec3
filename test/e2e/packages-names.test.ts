import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { root } from "../support/server-process.ts";

interface Names {
  readonly values: readonly string[];
  readonly types: readonly string[];
}

const names = (values: string, types: string): Names => ({ values: words(values), types: words(types) });
const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Every public name of the runtime, by entry: what stands here can't be renamed or taken away without breaking someone. */
const PUBLIC: Readonly<Record<string, Names>> = {
  "@bento-ts/runtime": names(
    `ServingError api bytes createFile createImage createTensor dataFrame defineApi file image joinRows multipart onnx optional saveModel service
    serviceClass splitRows t tensor tensorflow tensors text`,
    `Access AllowRule ApiMethod ApiOptions ApiResult Authorize BatchContext BatchOptions ClaimPath Context ContextLabels ContextLogger ContextMetrics DType DataFrame DataFrameOptions DataFrameType DataOf
    DefinedApi DenyRule ErrorCode ExampleInput Feedback FileValue FormValue Image ImageOptions Infer InputOf IoInput IoType JsonSchema JsonValue NamedTensors NanPolicy
    OptionalField Principal Problem ResizeOptions ResultOf RuleValue SaveModelOptions ServiceClass ServiceClassOf ServiceHooks ServiceOptions ServingErrorOptions
    StoredModel Tensor TensorOf TensorsOf TypedHandle`,
  ),
  "@bento-ts/runtime/definition": names(
    `BENTO_FILE_NAME BENTO_FORMAT_VERSION RESERVED_NAMES ServingError canonicalJson defineService digestOf parseBentoFile ruleText toServiceName`,
    `Access AllowRule ApiDefinition ApiInput AuthMethod Authorize BatchDefinition BentoFile BentoModel BentoModelFile BentoSource ClaimPath DenyRule ExampleDefinition ExampleInput ExampleValue IoSpec JsonSchema JsonValue
    NanPolicy Problem Role RuleValue ServiceDefinition ServiceInput`,
  ),
  "@bento-ts/runtime/config": names(
    `CONFIG_FLAGS ORCHESTRATOR_FLAGS assertMayBind assertParameters availableCpus availableMemoryBytes configJsonSchema isLoopback loadConfig parseDuration parseSize
    resolveWorkers`,
    `ApiKeysConfig AuditConfig AuditLevel AuditWebhookConfig BasicConfig Config ConfigFlag ConfigFlags ConfigInputs CorsConfig ImageConfig IpFilterConfig IssuerConfig
    LayerName LimitsConfig LoadedConfig LogLevel OrchestratorFlag OrchestratorFlags RateLimitConfig SecurityConfig ServerConfig TlsConfig Variables`,
  ),
  "@bento-ts/runtime/auth": names(
    `assertPassword assertUser deleteUser isPasswordOf issueKey listKeys revokeKey setPassword`,
    `ApiKeyRecord IssuedKey KeyOrder ListedKey`,
  ),
  "@bento-ts/runtime/models-store": names(
    `TUNE_FILE createModelStore findServableModels inspectModel isMainOfFolder isTag modelStoreDir parseTag readTuneFile saveModel writeTuneFile`,
    `CopyOptions CopyProgress DeletedModel ImportOptions ImportedArchive InspectedModel InspectedOnnx InspectedSavedModel InspectedTfjs LeftOutOutput ModelManifest ModelStore ModelTag OnnxValueInfo
    SaveModelOptions SavedModelSignature ServableModel SignatureTensor StoredFile StoredModel TuneFile TuneMeasurement TunedModel`,
  ),
  "@bento-ts/runtime/tensorflow": names(
    `INSTALL_COMMAND LIBTENSORFLOW_VERSION NATIVE_MANIFEST_NAME TFJS_NODE_VERSION WASM_COMMAND WASM_PACKAGES findNativeTensorFlow isTfjsFile nativeTensorFlowDir nativeTensorFlowFiles requireNativeTensorFlow verifyNativeTensorFlow writeNativeManifest`,
    `NativeManifest NativeTensorFlow`,
  ),
  "@bento-ts/runtime/openapi": names(
    `apiSchemas openApiDocument`,
    `ApiSchemas DocumentedSecurity JsonObject OpenApiDocument OpenApiOptions OpenApiVersion SignIn`,
  ),
  "@bento-ts/runtime/proto": names(
    `PROTO_RECORD_FILE planProto printProto printProtoRecord protoChanges readProtoRecord toProtoRecord`,
    `ProtoChanges ProtoRecord ServiceProto`,
  ),
  "@bento-ts/runtime/dev-idp": names(
    `devClaims devIdpDir loadDevKey runningIssuers signDevToken startDevIssuer`,
    `DevClaimOptions DevIssuer DevIssuerOptions DevKey RunningIssuer`,
  ),
  "@bento-ts/runtime/early-worker": names(`startEarlyWorker`, `EarlyWorker`),
  "@bento-ts/runtime/server": names(
    `assertSecure describeService documentedSecurity examineServer explainAccess findService isBento knownRoutes modelsEntry namedModels nobodyMayCall openBento readExampleFiles runUntilStopped startServer tuneService zeroCodeService`,
    `AccessExplanation AccessQuestion DescribedModel Examination Finding FoundService ListedAccess ListedFunction ListedRoute ModelFolders ModelsEntry ModelsPlace NamedModel OpenedBento RoutePolicy RunningServer ServedFile ServerPlan ServiceDescription ServiceEntry StartOptions`,
  ),
  "@bento-ts/runtime/testing": names(
    `compareOutputs createTestClient fakeModel startDevIssuer`,
    `DevClaimOptions DevIssuer DevIssuerOptions FakeModelOptions FakeTensors LoadedModel OutputComparison TestClient TestClientOptions TestReply`,
  ),
  "@bento-ts/runtime/vitest": names(`bentoVitest`, `DecoratorPlugin`),
};

const { exports: entries } = JSON.parse(readFileSync(`${root}packages/runtime/package.json`, "utf8")) as {
  readonly exports: Readonly<Record<string, { readonly types: string } | string>>;
};

it("has these entries", () => {
  const own = Object.keys(entries).filter((entry) => entry !== "./package.json");
  expect(own.map((entry) => entry.replace(/^\./, "@bento-ts/runtime")).sort()).toEqual(Object.keys(PUBLIC).sort());
});

it.each(Object.entries(PUBLIC))("%s exports these names", async (specifier, expected) => {
  const entry = entries[specifier.replace("@bento-ts/runtime", ".")];
  const built = typeof entry === "object" ? entry.types : "";
  const source = built.replace(/^\.\/dist\/(.*)\.d\.ts$/, `${root}packages/runtime/src/$1.ts`);
  const module = (await import(source)) as object;
  expect({ values: Object.keys(module).sort(), types: typesOf(readFileSync(source, "utf8")) }).toEqual(expected);
});

/** Names of the types that a module exports, by its own text: nothing is left of them when it runs. */
function typesOf(source: string): readonly string[] {
  const lists = [...source.matchAll(/^export (type )?\{([^}]*)\}/gm)].flatMap(([, allTypes, list = ""]) =>
    list
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "" && (allTypes !== undefined || name.startsWith("type ")))
      .map((name) => name.replace(/^type /, "")),
  );
  const declared = [...source.matchAll(/^export (?:interface|type) (\w+)/gm)].flatMap(([, name = ""]) => name);
  return [...lists, ...declared].sort();
}
