import { describe, expect, it } from "vitest";
import { entryHelp, parseEntryFlags } from "./entry-flags.ts";

describe("parseEntryFlags", () => {
  it("tells its own flags from those of the configuration", () => {
    expect(
      parseEntryFlags(["--bento", "/app", "--image", "--port", "8080", "--public", "--config=/etc/bento.yaml"]),
    ).toEqual({
      help: false,
      version: false,
      bento: "/app",
      configFile: "/etc/bento.yaml",
      image: true,
      config: { port: "8080", public: true },
    });
  });

  it("reads the flags of KServe's runtimes, in their own spelling", () => {
    const args = ["--model_name=houses", "--model_dir=/mnt/models", "--http_port", "8080", "--grpc_port=8081"];
    expect(parseEntryFlags(args).config).toEqual({
      model_name: "houses",
      model_dir: "/mnt/models",
      http_port: "8080",
      grpc_port: "8081",
    });
  });

  it.each([["--max_threads=4"], ["--prot"], ["--port"], ["app"]])(
    "refuses %s and says where the flags are listed",
    (argument) => {
      expect(() => parseEntryFlags([argument])).toThrow(
        expect.objectContaining({
          code: "INVALID_ARGUMENT",
          message: expect.stringContaining("run bento-ts-server --help"),
        }),
      );
    },
  );
});

describe("entryHelp", () => {
  it("lists every flag", () => {
    for (const flag of ["--bento VALUE", "--config VALUE", "--image", "--port VALUE", "--workers VALUE", "--public"]) {
      expect(entryHelp()).toContain(`  ${flag} `);
    }
  });
});
