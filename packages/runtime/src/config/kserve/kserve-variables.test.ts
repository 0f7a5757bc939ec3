import { describe, expect, it } from "vitest";
import type { ServingError } from "../../errors.ts";
import { type ConfigInputs, loadConfig } from "../load-config.ts";

/** What KServe sets on a container that runs as MLServer. */
const MLSERVER = {
  MLSERVER_HTTP_PORT: "8080",
  MLSERVER_GRPC_PORT: "9000",
  MLSERVER_METRICS_PORT: "8082",
  MLSERVER_MODEL_NAME: "houses",
  MLSERVER_MODEL_URI: "/mnt/models",
};
/** What the Seldon operator sets beside. */
const SELDON = {
  PREDICTIVE_UNIT_HTTP_SERVICE_PORT: "9001",
  PREDICTIVE_UNIT_GRPC_SERVICE_PORT: "9501",
  PREDICTIVE_UNIT_METRICS_SERVICE_PORT: "6001",
  PREDICTIVE_UNIT_ID: "classifier",
};

const refusal = (inputs: ConfigInputs): Promise<string> =>
  loadConfig(inputs).then(
    () => "",
    (error: ServingError) => error.message,
  );

describe("KServe's variables and flags", () => {
  it("set ports, the model's name and where the models are, as MLServer's", async () => {
    const { config, sources } = await loadConfig({ env: MLSERVER });
    expect(config.server).toMatchObject({ port: 8080, grpcPort: 9000, modelName: "houses", admin: { port: 8082 } });
    expect(config.modelDir).toBe("/mnt/models");
    expect(config.kserve.isDeployed).toBe(true);
    expect(sources["modelDir"]).toBe("orchestrator");
  });

  it("set them as flags of a ServingRuntime", async () => {
    const flags = { model_name: "houses", model_dir: "/mnt/models", http_port: "8080", grpc_port: "8081" };
    const { config } = await loadConfig({ flags, env: {} });
    expect(config.server).toMatchObject({ port: 8080, grpcPort: 8081, modelName: "houses" });
    expect(config.modelDir).toBe("/mnt/models");
    expect(config.kserve.isDeployed).toBe(true);
  });

  it("take the place of a custom predictor's models, also as a file URL", async () => {
    expect((await loadConfig({ env: { STORAGE_URI: "/mnt/models" } })).config.modelDir).toBe("/mnt/models");
    expect((await loadConfig({ env: { STORAGE_URI: "file:///mnt/models" } })).config.modelDir).toBe("/mnt/models");
  });

  it("count in this order: flags, BENTO_ variables, Seldon, MLServer, PORT, KServe's flags, files", async () => {
    const serviceConfig = { server: { port: 7 } };
    const portOf = async (inputs: ConfigInputs): Promise<number> =>
      (await loadConfig({ annotationsFile: "/nowhere", ...inputs })).config.server.port;
    const flags = { http_port: "5" };
    expect(await portOf({ flags, env: {}, serviceConfig })).toBe(5);
    expect(await portOf({ flags, env: { PORT: "4" }, serviceConfig })).toBe(4);
    expect(await portOf({ flags, env: { PORT: "4", ...MLSERVER }, serviceConfig })).toBe(8080);
    expect(await portOf({ flags, env: { PORT: "4", ...MLSERVER, ...SELDON }, serviceConfig })).toBe(9001);
    const all = { PORT: "4", ...MLSERVER, ...SELDON, BENTO_SERVER_PORT: "2" };
    expect(await portOf({ flags, env: all, serviceConfig })).toBe(2);
    expect(await portOf({ flags: { ...flags, port: "1" }, env: all, serviceConfig })).toBe(1);
  });

  it("are not KServe's where the Seldon operator sets MLServer's beside its own, nor is PORT alone", async () => {
    const isKServe = async (env: ConfigInputs["env"]): Promise<boolean> =>
      (await loadConfig({ env, annotationsFile: "/nowhere" })).config.kserve.isDeployed;
    expect(await isKServe({ ...MLSERVER, ...SELDON })).toBe(false);
    expect(await isKServe({ PORT: "8080" })).toBe(false);
    expect(await isKServe({ STORAGE_URI: "" })).toBe(false);
    expect(await isKServe({})).toBe(false);
  });

  it("never open anything", async () => {
    const { config } = await loadConfig({ env: MLSERVER, flags: { model_dir: "/mnt/models" }, imageDefaults: true });
    expect(config.server.host).toBe("0.0.0.0");
    expect(config.security).toMatchObject({ allowAnonymous: false, allowInsecureConnections: false });
  });

  it("are refused by name when they can't be meant", async () => {
    const message = await refusal({
      env: { ...MLSERVER, MLSERVER_HTTP_PORT: "http", STORAGE_URI: "s3://models/houses" },
      flags: { grpc_port: "70000", model_name: "a b" },
    });
    expect(message).toContain('server.port: expected an integer from 0 to 65535, got "http" (MLSERVER_HTTP_PORT)');
    expect(message).toContain("modelDir: expected a file or folder on this machine, no URL");
    expect(message).toContain('got "s3://models/houses" (STORAGE_URI)');
    expect(message).toContain("(--grpc_port)");
    expect(message).toContain("(--model_name)");
  });
});
