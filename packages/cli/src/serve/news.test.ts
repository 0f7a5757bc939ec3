import { describe, expect, it } from "vitest";
import { createNews } from "./news.ts";

describe("createNews", () => {
  it("tells of news that came before it was asked for, once", async () => {
    const news = createNews();
    news.give();
    news.give();
    expect(await news.next()).toBe(true);
    const second = news.next();
    news.give();
    expect(await second).toBe(true);
  });

  it("ends for one who waits and for one who asks later", async () => {
    const news = createNews();
    const waiting = news.next();
    news.end();
    expect(await waiting).toBe(false);
    expect(await news.next()).toBe(false);
    expect(news.ended()).toBe(true);
  });

  it("throws what went wrong", async () => {
    const news = createNews();
    news.fail(new Error("too many files"));
    await expect(news.next()).rejects.toThrow("too many files");
  });
});
