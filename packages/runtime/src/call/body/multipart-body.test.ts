import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { ServingError } from "../../errors.ts";
import { readParts } from "./multipart-body.ts";

type Limits = Parameters<typeof readParts>[1];
const limits = (more: Partial<Limits> = {}): Limits => ({
  maxBytes: 10_000_000,
  limitName: "server.limits.binary",
  signal: new AbortController().signal,
  ...more,
});
const TYPE = "multipart/form-data; boundary=XX";
const cut = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
const read = (
  body: Uint8Array | string,
  { type = TYPE, chunk = 65_536, ...more }: Partial<Limits> & { type?: string; chunk?: number } = {},
) =>
  readParts(
    { headers: { "content-type": type }, openBody: () => Readable.from(cut(Buffer.from(body), chunk)) },
    limits(more),
  );
const part = (header: string, content = "x"): string => `--XX\r\n${header}\r\n\r\n${content}\r\n`;
const field = (name: string, content: string): string =>
  part(`Content-Disposition: form-data; name="${name}"`, content);

async function show(body: Uint8Array | string, options: Parameters<typeof read>[1] = {}) {
  const { parts, dispose } = await read(body, options);
  onTestFinished(dispose);
  return Promise.all(
    parts.map(async ({ content, ...header }) => ({ ...header, text: Buffer.from(await content.bytes()).toString() })),
  );
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "spool-test-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

describe("readParts", () => {
  it("gives fields and files in the order in which they came", async () => {
    const body = [
      field("a", "1"),
      part(
        'content-disposition: form-data; name="pic"; filename="C:\\\\tmp\\\\ü.png"\r\nContent-Type: image/PNG; x=y',
        "\u0000\r\n--X",
      ),
      part('Content-Disposition: form-data; name=a; filename="../../etc/passwd"', ""),
      "--XX--\r\n",
    ].join("");
    expect(await show(body)).toEqual([
      { name: "a", fileName: undefined, mediaType: "application/octet-stream", text: "1" },
      { name: "pic", fileName: "ü.png", mediaType: "image/png", text: "\u0000\r\n--X" },
      { name: "a", fileName: "passwd", mediaType: "application/octet-stream", text: "" },
    ]);
  });

  it("skips what stands before the first and behind the last boundary", async () => {
    expect(await show(`preamble\r\n${field("a", "1")}--XX--\r\nepilogue\r\n--XX\r\n`, { chunk: 3 })).toMatchObject([
      { name: "a", text: "1" },
    ]);
  });

  it("takes a form without parts", async () => {
    expect(await show("--XX--\r\n")).toEqual([]);
  });

  it("reads what undici writes", async () => {
    const form = new FormData();
    form.set("options", JSON.stringify({ k: 3 }));
    form.set("file", new File(["1,2\n"], 'a "b".csv', { type: "text/csv" }));
    const request = new Request("http://127.0.0.1/", { method: "POST", body: form });
    const type = request.headers.get("content-type") ?? "";
    expect(await show(new Uint8Array(await request.arrayBuffer()), { type })).toEqual([
      { name: "options", fileName: undefined, mediaType: "application/octet-stream", text: '{"k":3}' },
      { name: "file", fileName: "a %22b%22.csv", mediaType: "text/csv", text: "1,2\n" },
    ]);
  });

  it("decompresses a form", async () => {
    const sent = {
      headers: { "content-type": TYPE, "content-encoding": "gzip" },
      openBody: () => Readable.from([gzipSync(`${field("a", "1")}--XX--`)]),
    };
    expect((await readParts(sent, limits())).parts).toMatchObject([{ name: "a", content: { size: 1 } }]);
  });

  it("gives the same parts however the bytes are cut", async () => {
    const content = fc
      .array(fc.constantFrom("\r", "\n", "-", "X", " ", "a", "\u0000"), { maxLength: 40 })
      .map((units) => units.join("").replaceAll(/X+/g, "X"));
    const name = fc.stringMatching(/^[a-z0-9_ é.-]{1,10}$/);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(name, content), { maxLength: 5 }),
        fc.integer({ min: 1, max: 50 }),
        async (fields, chunk) => {
          const parts = await show(`${fields.map(([key, text]) => field(key, text)).join("")}--XX--\r\n`, { chunk });
          expect(parts.map((each) => [each.name, each.text])).toEqual(fields);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("keeps a part past 1 MiB outside of memory in a file that has no name and ends with the call", async () => {
    const spoolFolder = await temporaryFolder();
    const big = "0123456789abcdef".repeat(100_000);
    const { parts, dispose } = await read(`${field("small", "s")}${field("big", big)}--XX--`, { spoolFolder });
    const content = parts[1]?.content;
    if (content === undefined) return expect.fail("the part is missing");
    expect(await readdir(spoolFolder)).toEqual([]);
    expect(content.size).toBe(1_600_000);
    expect(Buffer.from(await content.bytes()).toString()).toBe(big);
    expect(Buffer.concat(await content.stream().toArray()).toString()).toBe(big);
    await dispose();
    await dispose();
    await expect(content.bytes()).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining("after its call had ended"),
    });
    expect(() => content.stream()).toThrow(expect.objectContaining({ code: "INTERNAL" }));
  });

  it("says UNAVAILABLE when the temporary folder can't be written", async () => {
    const spoolFolder = join(await temporaryFolder(), "missing");
    await expect(read(`${field("big", "x".repeat(1_600_000))}--XX--`, { spoolFolder })).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.not.stringContaining(spoolFolder),
    });
  });
});

describe("readParts refuses", () => {
  it.each([
    ["multipart/form-data", "INVALID_ARGUMENT"],
    ["multipart/form-data; boundary=", "UNSUPPORTED_MEDIA_TYPE"],
    ['multipart/form-data; boundary=""', "INVALID_ARGUMENT"],
    [`multipart/form-data; boundary=${"x".repeat(71)}`, "INVALID_ARGUMENT"],
    ["multipart/form-data; boundary=XX; boundary=YY", "UNSUPPORTED_MEDIA_TYPE"],
    ["multipart/mixed; boundary=XX", "UNSUPPORTED_MEDIA_TYPE"],
  ])("the content type %s", async (type, code) => {
    await expect(read(`${field("a", "1")}--XX--`, { type })).rejects.toMatchObject({ code });
  });

  it.each([
    ["an empty body", ""],
    ["a body without boundaries", "just text"],
    ["a form cut inside a part", field("a", "1").slice(0, -2)],
    ["a form without the last boundary", field("a", "1")],
    ["a form whose last boundary lacks its dashes", `${field("a", "1")}--XX\r\n`],
    ["a form cut inside a header", '--XX\r\nContent-Disposition: form-data; name="a"'],
    ["another boundary", `${field("a", "1")}--XX--`.replaceAll("XX", "YY")],
  ])("%s", async (_, body) => {
    for (const chunk of [1, 1000])
      await expect(read(body, { chunk })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining("form"),
      });
  });

  it.each([
    ["without Content-Disposition", "Content-Type: text/plain", "expected a header with one Content-Disposition"],
    [
      "with two",
      'Content-Disposition: form-data; name="a"\r\nContent-Disposition: form-data; name="b"',
      "expected a header with one Content-Disposition",
    ],
    ["that is no form data", 'Content-Disposition: attachment; name="a"', "expected Content-Disposition: form-data"],
    [
      "that is form data only at its start",
      'Content-Disposition: form-data2; name="a"',
      "expected Content-Disposition: form-data",
    ],
    ["without a name", "Content-Disposition: form-data", "has no name"],
    [
      "with a name that does not end",
      'Content-Disposition: form-data; name="a',
      "expected Content-Disposition: form-data",
    ],
    ["with two names", 'Content-Disposition: form-data; name="a"; name="b"', "expected Content-Disposition: form-data"],
    ["with a name past 1 KiB", `Content-Disposition: form-data; name="${"n".repeat(1025)}"`, "more than 1024 bytes"],
    [
      "with a transfer encoding",
      'Content-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64',
      "send plain bytes",
    ],
  ])("a part %s", async (_, header, message) => {
    await expect(read(`${field("ok", "1")}${part(header)}--XX--`)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringMatching(/^part 2 of the form: /),
      problems: [{ path: "", message: expect.stringContaining(message) }],
    });
  });

  it("a part whose header never ends", async () => {
    await expect(read("--XX\r\nContent-Disposition: form-data\r\n--XX--")).rejects.toMatchObject({
      message: "part 1 of the form: its header has no end",
    });
  });

  it("names that are not UTF-8", async () => {
    const body = Buffer.from(`${field("\u00fc", "1")}--XX--`, "latin1");
    await expect(read(body)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("is not UTF-8"),
    });
  });

  it("text in another character set", async () => {
    const header = 'Content-Disposition: form-data; name="a"\r\nContent-Type: text/csv; charset=latin1';
    await expect(read(`${part(header)}--XX--`)).rejects.toMatchObject({ code: "UNSUPPORTED_MEDIA_TYPE" });
  });

  it("the part after the hundredth", async () => {
    const fields = (count: number): string => `${field("a", "").repeat(count)}--XX--`;
    expect(await show(fields(100))).toHaveLength(100);
    await expect(read(fields(101))).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: "part 101 of the form: a form has at most 100 parts",
    });
  });

  it("a form past its limit, from its length or while it comes", async () => {
    const body = `${field("a", "x".repeat(5000))}--XX--`;
    await expect(read(body, { maxBytes: 4000, chunk: 100 })).rejects.toMatchObject({
      code: "PAYLOAD_TOO_LARGE",
      message: expect.stringContaining("server.limits.binary"),
    });
  });

  it("a field past its own limit, and lets files pass it", async () => {
    const fieldLimit = { maxBytes: 10, limitName: "server.limits.json" };
    const file = part('Content-Disposition: form-data; name="f"; filename="f"', "x".repeat(11));
    const json = part(
      'Content-Disposition: form-data; name="j"; filename="j"\r\nContent-Type: application/json',
      "x".repeat(11),
    );
    expect(await show(`${field("a", "x".repeat(10))}${file}--XX--`, { fieldLimit })).toHaveLength(2);
    await expect(read(`${field("a", "x".repeat(11))}--XX--`, { fieldLimit })).rejects.toMatchObject({
      code: "PAYLOAD_TOO_LARGE",
      message: "/a has more than 10 bytes, the limit set by server.limits.json",
    });
    await expect(read(`${json}--XX--`, { fieldLimit })).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
  });

  it("nothing but forms, and never hangs, whatever the bytes are", async () => {
    const pieces = fc.constantFrom(
      "--XX",
      "--XX--",
      "\r\n",
      "\n",
      "\r",
      "--",
      ": ",
      "Content-Disposition: form-data; name=",
      '"a"',
      "\r\n\r\n",
      ";",
      "x",
      "Content-Type: ",
      "\u0000",
      "é",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { maxLength: 30 }), fc.integer({ min: 1, max: 40 }), async (given, chunk) => {
        await read(given.join(""), { chunk }).then(
          ({ parts }) => expect(parts.every((each) => typeof each.name === "string")).toBe(true),
          (error: unknown) => {
            expect(error).toBeInstanceOf(ServingError);
            expect(error).toMatchObject({ code: expect.stringMatching(/^(INVALID_ARGUMENT|UNSUPPORTED_MEDIA_TYPE)$/) });
          },
        );
      }),
      { numRuns: 2000 },
    );
  });

  it("to go on when its signal fires while a part is kept on disk", async () => {
    const controller = new AbortController();
    const body = new Readable({ read() {} });
    const reading = readParts(
      { headers: { "content-type": TYPE }, openBody: () => body },
      limits({ signal: controller.signal }),
    );
    body.push(`${field("big", "x".repeat(1_200_000)).slice(0, -2)}`);
    setImmediate(() => controller.abort(new ServingError("DEADLINE_EXCEEDED", "too late")));
    await expect(reading).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  });
});
