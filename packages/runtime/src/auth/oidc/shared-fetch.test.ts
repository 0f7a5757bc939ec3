import { describe, expect, it } from "vitest";
import type { DocumentRequest, FetchedDocument } from "./fetch-document.ts";
import { createSharedFetch, fetchBy } from "./shared-fetch.ts";

/** A fetch that is answered by the test, and the shared one in front of it. */
function shared() {
  let nowMs = 0;
  const asked: string[] = [];
  let changes = 0;
  let answer = async (_request: DocumentRequest): Promise<FetchedDocument> => ({
    bytes: Buffer.from("{}"),
    cacheControl: "max-age=60",
  });
  const share = createSharedFetch({
    fetch: (request) => {
      asked.push(request.url.href);
      return answer(request);
    },
    now: () => nowMs,
    onChange: () => void (changes += 1),
  });
  const get = fetchBy(share);
  const { signal } = new AbortController();
  return {
    asked,
    changes: () => changes,
    advance: (ms: number) => void (nowMs += ms),
    answerWith: (next: typeof answer) => void (answer = next),
    get: (url: string, isUrgent = false) =>
      get({ url: new URL(url), ca: undefined, token: undefined, signal, isUrgent }),
  };
}

describe("createSharedFetch", () => {
  it("gives the document byte for byte, and what it says of its age", async () => {
    const { get, answerWith } = shared();
    answerWith(async () => ({ bytes: Uint8Array.of(0, 255, 123), cacheControl: undefined }));
    const { bytes, cacheControl } = await get("http://127.0.0.1/a");
    expect([[...bytes], cacheControl]).toEqual([[0, 255, 123], undefined]);
  });

  it("fetches once for all who ask at the same time and within 30 s after it, and again then", async () => {
    const { get, asked, advance } = shared();
    await Promise.all([get("http://127.0.0.1/a"), get("http://127.0.0.1/a"), get("http://127.0.0.1/b")]);
    advance(29_999);
    await get("http://127.0.0.1/a");
    expect(asked).toEqual(["http://127.0.0.1/a", "http://127.0.0.1/b"]);
    advance(1);
    await get("http://127.0.0.1/a");
    expect(asked).toHaveLength(3);
  });

  it("tells all of a failure, and tries again after a second", async () => {
    const { get, asked, advance, answerWith } = shared();
    answerWith(async () => Promise.reject(new Error("refused")));
    const outcomes = await Promise.allSettled([get("http://127.0.0.1/a"), get("http://127.0.0.1/a")]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await expect(get("http://127.0.0.1/a")).rejects.toThrow("refused");
    expect(asked).toHaveLength(1);
    advance(1_000);
    await expect(get("http://127.0.0.1/a")).rejects.toThrow("refused");
    expect(asked).toHaveLength(2);
  });

  it("looks for an unknown key at once, and for others of all workers once in 30 s", async () => {
    const { get, asked, advance } = shared();
    await get("http://127.0.0.1/a");
    advance(10);
    await Promise.all([get("http://127.0.0.1/a", true), get("http://127.0.0.1/a", true)]);
    expect(asked).toHaveLength(2);
    advance(29_999);
    await get("http://127.0.0.1/a", true);
    expect(asked).toHaveLength(2);
    advance(1);
    await get("http://127.0.0.1/a", true);
    expect(asked).toHaveLength(3);
  });

  it("tells of another document at an address, whatever failed since the one before, and of nothing else", async () => {
    const { get, advance, answerWith, changes } = shared();
    const document = (text: string) => async (): Promise<FetchedDocument> => ({
      bytes: Buffer.from(text),
      cacheControl: undefined,
    });
    answerWith(document("one"));
    await get("http://127.0.0.1/a");
    await get("http://127.0.0.1/b");
    advance(30_000);
    await get("http://127.0.0.1/a");
    expect(changes()).toBe(0);
    advance(30_000);
    answerWith(async () => Promise.reject(new Error("refused")));
    await expect(get("http://127.0.0.1/a")).rejects.toThrow("refused");
    advance(1_000);
    answerWith(document("two"));
    await get("http://127.0.0.1/a");
    expect(changes()).toBe(1);
  });

  it("holds a failure for a second, also for who looks for an unknown key", async () => {
    const { get, asked, advance, answerWith } = shared();
    answerWith(async () => Promise.reject(new Error("refused")));
    await expect(get("http://127.0.0.1/a", true)).rejects.toThrow("refused");
    advance(999);
    await expect(get("http://127.0.0.1/a", true)).rejects.toThrow("refused");
    expect(asked).toHaveLength(1);
    advance(1);
    await expect(get("http://127.0.0.1/a", true)).rejects.toThrow("refused");
    expect(asked).toHaveLength(2);
  });
});
