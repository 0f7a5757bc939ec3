import { describe, expect, it } from "vitest";
import { invalidInput, ServingError, toServingError } from "../../errors.ts";
import { toProblemBody, toProblemReply } from "./problem.ts";

describe("toProblemBody", () => {
  it("names every fault by its place", () => {
    const error = invalidInput([{ path: "/df/3/RM", message: 'not a number: "oops"' }]);
    expect(toProblemBody(error, "id-1")).toEqual({
      type: "about:blank",
      title: "Invalid argument",
      status: 400,
      code: "INVALID_ARGUMENT",
      detail: '/df/3/RM: not a number: "oops"',
      requestId: "id-1",
      errors: [{ path: "/df/3/RM", message: 'not a number: "oops"' }],
    });
  });

  it("tells nothing of what user code threw but the request id", () => {
    const body = JSON.stringify(toProblemBody(toServingError(new Error("secret in /etc/passwd")), "id-2"));
    expect(body).not.toContain("secret");
    expect(body).toContain("id-2");
  });

  it("shows at most twenty faults", () => {
    const problems = Array.from({ length: 100 }, (_, index) => ({ path: `/${index}`, message: "wrong" }));
    expect(toProblemBody(invalidInput(problems), "id").errors).toHaveLength(20);
  });
});

describe("toProblemReply", () => {
  it("adds Retry-After to 503 and 429, the time asked for where one is known", () => {
    expect(toProblemReply(new ServingError("UNAVAILABLE", "full"), "id").headers).toMatchObject({ "retry-after": "1" });
    expect(
      toProblemReply(new ServingError("UNAVAILABLE", "full", { retryAfterSeconds: 7 }), "id").headers,
    ).toMatchObject({ "retry-after": "7" });
    expect(toProblemReply(new ServingError("INVALID_ARGUMENT", "no"), "id").headers).not.toHaveProperty("retry-after");
  });
});
