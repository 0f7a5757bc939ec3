import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { envLayer } from "./env-layer.ts";
import { orchestratorLayer } from "./orchestrator-layer.ts";

describe("envLayer", () => {
  it("reads every key by its variable and leaves all other variables alone", () => {
    const layer = envLayer({
      BENTO_SERVER_PORT: "8080",
      BENTO_SERVER_REQUEST_TIMEOUT: "10s",
      PORT: "1",
      PATH: "/bin",
      BENTOML_HOME: "/x",
    });
    expect(layer).toEqual({
      name: "env",
      given: [
        { path: "server.port", value: 8080, where: "BENTO_SERVER_PORT" },
        { path: "server.requestTimeout", value: "10s", where: "BENTO_SERVER_REQUEST_TIMEOUT" },
      ],
      problems: [],
      warnings: [],
    });
  });

  it("counts an empty variable as not set", () => {
    expect(envLayer({ BENTO_SERVER_PORT: "", BENTO_SERVER_HOST: undefined }).given).toEqual([]);
  });

  it("ignores what Kubernetes injects for a service named bento-server, with one warning", () => {
    const layer = envLayer({
      BENTO_SERVER_PORT: "tcp://10.0.0.1:3000",
      BENTO_SERVER_PORT_3000_TCP: "tcp://10.0.0.1:3000",
      BENTO_SERVER_PORT_3000_TCP_ADDR: "10.0.0.1",
      BENTO_SERVER_PORT_3000_TCP_PORT: "3000",
      BENTO_SERVER_PORT_3000_TCP_PROTO: "tcp",
      BENTO_SERVER_SERVICE_HOST: "10.0.0.1",
      BENTO_SERVER_SERVICE_PORT: "3000",
      BENTO_SERVER_SERVICE_PORT_HTTP: "3000",
    });
    expect(layer.given).toEqual([]);
    expect(layer.problems).toEqual([]);
    expect(layer.warnings).toEqual([
      "BENTO_SERVER_PORT, BENTO_SERVER_PORT_3000_TCP, BENTO_SERVER_PORT_3000_TCP_ADDR and 5 more: set by Kubernetes for a service of that name and ignored; enableServiceLinks: false keeps them away",
    ]);
  });

  it("ignores them for services named bento and bento-server-admin too", () => {
    const layer = envLayer({
      BENTO_PORT: "udp://10.0.0.1:53",
      BENTO_SERVICE_HOST: "10.0.0.1",
      BENTO_SERVICE_PORT: "80",
      BENTO_SERVER_ADMIN_PORT: "tcp://10.0.0.1:3002",
      BENTO_SECURITY_GATE_PORT: "tcp://10.0.0.1:1",
    });
    expect([layer.given, layer.problems]).toEqual([[], []]);
    expect(layer.warnings).toHaveLength(1);
  });

  it("stops at unknown variables under a section and names the one that was meant", () => {
    expect(
      envLayer({
        BENTO_SERVER_PRT: "1",
        BENTO_SECURITY_ALLOW_ANONYMUS: "true",
        BENTO_SERVER_LIMITS: "{}",
        BENTO_SERVER_TLS_PINS: "x",
      }).problems,
    ).toEqual([
      {
        path: "BENTO_SECURITY_ALLOW_ANONYMUS",
        message: "unknown variable; did you mean BENTO_SECURITY_ALLOW_ANONYMOUS?",
      },
      { path: "BENTO_SERVER_LIMITS", message: "unknown variable" },
      { path: "BENTO_SERVER_PRT", message: "unknown variable; did you mean BENTO_SERVER_PORT?" },
      { path: "BENTO_SERVER_TLS_PINS", message: "unknown variable" },
    ]);
  });

  it("only warns about other unknown variables, and not about its own that set no key", () => {
    const layer = envLayer({
      BENTO_BOX: "1",
      BENTO_SEVER_PORT: "1",
      BENTO_HOME: "/h",
      BENTO_CACHE: "/c",
      BENTO_REGISTRY_CA: "/ca",
    });
    expect(layer.problems).toEqual([]);
    expect(layer.warnings).toEqual([
      "BENTO_BOX is no variable of the configuration and is ignored",
      "BENTO_SEVER_PORT is no variable of the configuration and is ignored; did you mean BENTO_SERVER_PORT?",
    ]);
  });

  it("never shows the text of a secret key, even where it is no JSON", () => {
    const { problems } = envLayer({ BENTO_IMAGE_ENV: '{"TOKEN":"s3cret"' });
    expect(problems).toHaveLength(1);
    expect(JSON.stringify(problems)).not.toContain("s3cret");
  });

  it("takes any environment without throwing", () => {
    const name = fc.oneof(
      fc.string(),
      fc.stringMatching(/^BENTO_[A-Z_0-9]{0,20}$/),
      fc.constantFrom("BENTO_MODELS", "BENTO_IMAGE_ENV", "BENTO_SERVER_PORT", "__proto__"),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.oneof(fc.string(), fc.json()))), (entries) => {
        expect(envLayer(Object.fromEntries(entries)).name).toBe("env");
      }),
    );
  });
});

describe("orchestratorLayer", () => {
  it("takes the port that the platform chose", () => {
    expect(orchestratorLayer({ PORT: "8080", HOST: "0.0.0.0" }).given).toEqual([
      { path: "server.port", value: 8080, where: "PORT" },
    ]);
  });

  it("says nothing where there is none", () => {
    expect(orchestratorLayer({ PORT: "" }).given).toEqual([]);
  });
});
