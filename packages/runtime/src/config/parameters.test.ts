import { describe, expect, it } from "vitest";
import { assertParameters } from "./parameters.ts";

const schema = {
  type: "object",
  properties: { delta: { type: "number", minimum: 0 }, label: { type: "string" } },
  required: ["delta"],
} as const;
const service = { name: "boston", parameters: schema };

describe("assertParameters", () => {
  it("takes what the service declares", async () => {
    await expect(assertParameters(service, { delta: 1.5 })).resolves.toBeUndefined();
    await expect(assertParameters({ name: "plain", parameters: null }, {})).resolves.toBeUndefined();
  });

  it.each([
    [service, {}, ["parameters.delta: is required"]],
    [service, { delta: "ten" }, ["parameters.delta: "]],
    [service, { delta: -1 }, ["parameters.delta: "]],
    [
      service,
      { delta: 1, lable: "x" },
      ['parameters.lable: service "boston" has no such parameter, did you mean "label"?'],
    ],
    [service, { delta: "ten", label: 1, other: 2 }, ["parameters.delta: ", "parameters.label: ", "parameters.other: "]],
    [
      { name: "plain", parameters: null },
      { delta: 1 },
      ['parameters.delta: service "plain" has no such parameter: it has none'],
    ],
  ])("refuses what it does not: %j %j", async (definition, given, lines) => {
    const refused = await assertParameters(definition, given).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "FAILED_PRECONDITION" });
    for (const line of lines) expect(String(refused)).toContain(line);
  });
});
