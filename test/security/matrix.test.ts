import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SecuredBostonService } from "../../examples/boston/secured/service.ts";
import { listen, type ListeningService } from "../support/listening-service.ts";
import { callersOf } from "./matrix/callers.ts";
import { prepareSecuredBoston, SECURED, type SecuredBoston } from "./matrix/secured-boston.ts";
import { openCells } from "./matrix/surfaces.ts";
import { TABLE } from "./matrix/table.ts";

// Callers × functions × surfaces, over sockets: security.md part B, "a rule that holds on one and not on another is a hole".
let boston: SecuredBoston;
let service: ListeningService;
let cells: ReturnType<typeof openCells>;
let callers: ReturnType<typeof callersOf>;

beforeAll(async () => {
  boston = await prepareSecuredBoston();
  service = await listen(SecuredBostonService, { env: boston.env, baseDir: SECURED });
  cells = openCells({ ...service, ...boston });
  callers = callersOf(boston, Date.now());
});
afterAll(async () => {
  cells.close();
  await service.close();
  await boston.remove();
});

const [names = [], , ...rows] = TABLE.split("\n")
  .filter((line) => line !== "")
  .map((line) => line.split("|").map((text) => text.trim()));
const [, ...groups] = names;

describe("who may call what, over every protocol", () => {
  it.each(rows.map(([caller = "", ...wanted]) => ({ caller, wanted })))("$caller", async ({ caller, wanted }) => {
    const credentials = callers[caller];
    if (credentials === undefined) throw new Error(`there is no caller ${caller}`);
    const expected = wanted.flatMap((codes, at) => {
      const asked = cells.groups[groups[at] ?? ""] ?? [];
      const given = codes.split(/\s+/).map(Number);
      expect([groups[at], given.length]).toEqual([groups[at], asked.length]);
      return asked.map((cell, place) => [cell, given[place]] as const);
    });
    const got: Record<string, number> = {};
    for (const [cell] of expected) got[cell.name] = await cell.ask(credentials);
    expect(got).toEqual(Object.fromEntries(expected.map(([cell, code]) => [cell.name, code])));
  });

  it("has a row for every caller", () => {
    expect(rows.map(([caller]) => caller).sort()).toEqual(Object.keys(callers).sort());
  });
});
