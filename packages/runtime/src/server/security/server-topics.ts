import type { SharedDocument, SharedRequest } from "../../auth/oidc/shared-fetch.ts";
import type { SecurityConfig } from "../../config/security/types.ts";
import { ServingError } from "../../errors.ts";
import type { BucketAnswer } from "../../limits/bucket-store.ts";
import type { WorkerLink } from "../../workers/worker-link.ts";
import { createSharedCounts, type SharedCounts } from "./open-limits.ts";

/** What the supervisor knows for all workers, by the topic of their questions. */
type Topics = Readonly<Record<string, (question: never) => Promise<unknown>>>;

/** The supervisor's answers to its workers. What they share is made by the first question. */
export function answerWorkers(
  security: SecurityConfig,
  workers: number,
  { onKeysChanged }: { onKeysChanged(): void },
): (topic: string, question: unknown) => Promise<unknown> {
  let fetching: Promise<(request: SharedRequest) => Promise<SharedDocument>> | undefined;
  const counts = createSharedCounts(security, workers);
  const topics: Topics = {
    [BUCKETS]: counts.askBuckets,
    [FAILURES]: counts.askFailures,
    [DOCUMENT]: async (request: SharedRequest) => {
      fetching ??= makeSharedFetch(onKeysChanged);
      return (await fetching)(request);
    },
  };
  return (topic, question) => {
    const answer = Object.hasOwn(topics, topic) ? topics[topic] : undefined;
    if (answer === undefined) throw new ServingError("INTERNAL", `no answer to questions of ${topic}`);
    // Questions come from our own workers, which ask each topic in one way.
    return answer(question as never);
  };
}

/** A worker's way to documents of issuers: fetched once for the whole server. */
export function askForDocument({ ask }: Pick<WorkerLink, "ask">): (request: SharedRequest) => Promise<SharedDocument> {
  return async (request) => (await ask(DOCUMENT, request)) as SharedDocument;
}

/** A worker's way to the counts of the whole server. */
export function askForCounts({ ask }: Pick<WorkerLink, "ask">): SharedCounts {
  return {
    askBuckets: async (question) => (await ask(BUCKETS, question)) as BucketAnswer,
    askFailures: async (question) => (await ask(FAILURES, question)) as number,
  };
}

/** What all workers are told when the keys of an issuer have changed: each looks for them then, and has what was fetched already. */
export const KEYS_TOPIC = "issuer-keys";

const DOCUMENT = "issuer-document";
const BUCKETS = "rate-limits";
const FAILURES = "failed-authentications";

async function makeSharedFetch(onChange: () => void): Promise<(request: SharedRequest) => Promise<SharedDocument>> {
  const [{ createSharedFetch }, { fetchDocument }] = await Promise.all([
    import("../../auth/oidc/shared-fetch.ts"),
    import("../../auth/oidc/fetch-document.ts"),
  ]);
  return createSharedFetch({ fetch: fetchDocument, now: () => performance.now(), onChange });
}
