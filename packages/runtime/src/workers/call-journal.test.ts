import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createCallJournal, openCallNotes } from "./call-journal.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "bento-journal-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe("a call journal", () => {
  it("shows at any time the notes that were written and not cleared, and no others once the turn is over", async () => {
    /** Writes a text, rewrites that of an open note, or clears one. */
    const step = fc.record({
      kind: fc.constantFrom("note", "again", "clear"),
      text: fc.string({ minLength: 1, maxLength: 300, unit: "grapheme" }),
      at: fc.nat(20),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const journal = createCallJournal([dir]);
        const notes = openCallNotes(journal.path);
        const open: { slot: number; text: string }[] = [];
        for (const { kind, text, at } of steps) {
          const one = open[at % Math.max(1, open.length)];
          if (kind === "note" || one === undefined) open.push({ slot: notes.note(text), text });
          else if (kind === "again") one.text = (notes.note(text, one.slot), text);
          else {
            notes.clear(one.slot);
            open.splice(open.indexOf(one), 1);
          }
          expect(journal.read()).toEqual(expect.arrayContaining(open.map((note) => note.text)));
        }
        await nextTurn();
        expect([...journal.read()].sort()).toEqual(open.map((note) => note.text).sort());
        journal.close();
      }),
      { numRuns: 60 },
    );
  });

  it("is for its user alone, and has no name once it is open at both ends", () => {
    const journal = createCallJournal([dir]);
    expect(statSync(journal.path).mode & 0o777).toBe(0o600);
    const notes = openCallNotes(journal.path);
    expect(existsSync(journal.path)).toBe(false);
    notes.note("a");
    expect(journal.read()).toEqual(["a"]);
    journal.close();
  });

  it("leaves no file behind when no worker has opened it", () => {
    const journal = createCallJournal([dir]);
    journal.close();
    expect(existsSync(journal.path)).toBe(false);
  });

  it("cuts what does not fit, between characters", () => {
    const journal = createCallJournal([dir]);
    const notes = openCallNotes(journal.path);
    notes.note(`a${"ü".repeat(10_000)}`);
    notes.note("next");
    // 16,384 - 4 bytes: one letter of one byte, 8,189 of two, and one byte that holds none.
    expect(journal.read()).toEqual([`a${"ü".repeat(8_189)}`, "next"]);
    journal.close();
  });

  it("looks for another folder, and says so when there is none", () => {
    const journal = createCallJournal(["/nowhere", dir]);
    expect(journal.path.startsWith(dir)).toBe(true);
    journal.close();
    expect(() => createCallJournal(["/nowhere", "/dev/null"])).toThrow(
      expect.objectContaining({
        code: "FAILED_PRECONDITION",
        message: "no file can be made in /nowhere or /dev/null",
      }),
    );
  });
});
