import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ServingError } from "../errors.ts";
import { createLogger, type Logger, type LoggerOptions } from "./logger.ts";

function create(options: Partial<LoggerOptions> = {}): {
  logger: Logger;
  lines: string[];
  json: () => Record<string, unknown>[];
} {
  const lines: string[] = [];
  const logger = createLogger({
    level: "info",
    format: "json",
    destination: { write: (line) => lines.push(line) },
    ...options,
  });
  return { logger, lines, json: () => lines.map((line) => JSON.parse(line)) };
}

describe("createLogger", () => {
  it("writes one JSON line with time, level, process, facts and message, and no host name", () => {
    const { logger, lines, json } = create({ facts: { worker: 2 } });
    logger.info({ api: "score" }, "called");
    logger.warn("careful");
    expect(lines.every((line) => line.endsWith("\n") && !line.slice(0, -1).includes("\n"))).toBe(true);
    expect(json()).toEqual([
      {
        level: "info",
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        pid: process.pid,
        worker: 2,
        api: "score",
        message: "called",
      },
      { level: "warn", time: expect.any(String), pid: process.pid, worker: 2, message: "careful" },
    ]);
  });

  it("leaves out secrets at any depth, in children and in texts", () => {
    const { logger, lines } = create();
    const headers = {
      Authorization: "Bearer s3cr3t-value",
      cookie: "sid=s3cr3t",
      "X-API-Key": "s3cr3t",
      accept: "text/plain",
    };
    logger.info({ request: { headers }, password: "s3cr3t" }, "got Bearer s3cr3t-value");
    logger.child({ clientSecret: "s3cr3t" }).error(new Error("refused Basic czNjcjN0OnMzY3IzdA=="));
    logger.info("token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl came");
    const text = lines.join("");
    expect(text).not.toMatch(/s3cr3t|czNjcjN0|eyJ/);
    expect(text).toContain('"accept":"text/plain"');
    expect(text.match(/\[redacted\]/g)?.length).toBeGreaterThanOrEqual(7);
  });

  it("shows an error with code, details, stack and causes", () => {
    const { logger, json } = create();
    const cause = new TypeError("no such file");
    logger.error(
      { err: new ServingError("INTERNAL", "could not load", { cause, details: { source: "a.onnx" } }) },
      "failed",
    );
    expect(json()).toMatchObject([
      {
        message: "failed",
        err: {
          name: "ServingError",
          code: "INTERNAL",
          message: "could not load",
          details: { source: "a.onnx" },
          stack: expect.stringContaining("logger.test.ts"),
          cause: { name: "TypeError", message: "no such file" },
        },
      },
    ]);
  });

  it("writes nothing below its level, and follows a change of it", () => {
    const { logger, json } = create({ level: "warn" });
    logger.info("a");
    logger.setLevel("debug");
    logger.debug("b");
    logger.setLevel("no such level");
    logger.trace("c");
    logger.debug("d");
    logger.setLevel("silent");
    logger.error("e");
    expect(json().map((line) => line.message)).toEqual(["b", "d"]);
  });

  it("has one level for all children, also those made before a change", () => {
    const { logger, json } = create({ level: "warn" });
    const child = logger.child({ requestId: "r1" });
    const grandchild = child.child({ step: 2 });
    child.error("a");
    logger.setLevel("debug");
    child.debug("b");
    grandchild.setLevel("error");
    logger.warn("c");
    grandchild.error("d");
    expect(json()).toMatchObject([
      { requestId: "r1", message: "a" },
      { requestId: "r1", message: "b" },
      { requestId: "r1", step: 2, message: "d" },
    ]);
  });

  it("writes lines for people when asked to, with nothing that steers a terminal", () => {
    const { logger, lines } = create({ format: "pretty" });
    logger.info({ api: "score", note: "a\u001b[31m" }, "called\u0007");
    logger.error({ err: new Error("broken") }, "failed");
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} INFO {2}called\\u0007 api=score note=a\\u001b\[31m\n$/);
    expect(lines[1]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} ERROR failed\n {2}Error: broken\n {2} {4}at /);
  });

  it("loses no line of a process that ends at once", () => {
    const file = fileURLToPath(new URL("./logger.ts", import.meta.url));
    const program = `
      const { createLogger } = await import(${JSON.stringify(file)});
      const logger = createLogger({ level: "info", format: "json" });
      for (let index = 0; index < 500; index += 1) logger.info({ index }, "line");
      process.kill(process.pid, "SIGKILL");`;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
    const indexes = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).index);
    expect(indexes).toEqual(Array.from({ length: 500 }, (_, index) => index));
  });
});
