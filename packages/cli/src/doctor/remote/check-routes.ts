import type { Finding } from "./check.ts";
import type { ExpectedRoute } from "./expected-routes.ts";
import { failureText, isCertificateDemand } from "./failure-text.ts";
import type { Verdict } from "./verdict.ts";

/** Asks for one route: what its answer says, and the answer in a word. */
export type AskRoute = (route: ExpectedRoute) => Promise<{ readonly verdict: Verdict; readonly answer: string }>;

/** So many questions in a row without an answer, and no more are asked. */
const MAX_SILENCES = 3;

/** Whether routes answer to who has no credential, each where it should and nowhere else. Asks one after the other. */
export async function checkRoutes(routes: readonly ExpectedRoute[], ask: AskRoute): Promise<readonly Finding[]> {
  const open: string[] = [];
  const closed: string[] = [];
  const unclear: string[] = [];
  const counts = { refused: 0, absent: 0, moved: 0, unclear: 0, answered: 0 };
  let silences = 0;
  for (const route of routes) {
    if (silences === MAX_SILENCES) break;
    const name = route.transport === "gRPC" ? route.path : `${route.method} ${route.path}`;
    try {
      const { verdict, answer } = await ask(route);
      silences = 0;
      counts[verdict] += 1;
      if (verdict === "answered" && route.expected === "refused") open.push(`${name}: ${answer}`);
      if (verdict === "refused" && route.expected === "answered") closed.push(`${name}: ${answer}`);
      if (verdict === "unclear") unclear.push(`${name}: ${answer}`);
    } catch (cause) {
      if (isCertificateDemand(cause)) {
        silences = 0;
        counts.refused += 1;
        continue;
      }
      silences += 1;
      counts.unclear += 1;
      unclear.push(`${name}: ${failureText(cause)}`);
    }
  }
  return [...findingsOf({ open, closed, unclear }), sumUp(counts, routes.length)];
}

interface Odd {
  readonly open: readonly string[];
  readonly closed: readonly string[];
  readonly unclear: readonly string[];
}

function findingsOf({ open, closed, unclear }: Odd): readonly Finding[] {
  const rows: readonly (readonly [readonly string[], Finding["level"], string])[] = [
    [open, "problem", "routes answer without credentials that should not"],
    [closed, "warning", "routes are refused that should be open to everybody"],
    [unclear, "warning", "routes gave no clear answer"],
  ];
  return rows.flatMap(([items, level, what]) =>
    items.length === 0 ? [] : [{ check: "routes", level, message: `${items.length} ${what}`, items }],
  );
}

function sumUp(counts: Readonly<Record<Verdict, number>>, total: number): Finding {
  const { refused, answered, absent, moved, unclear } = counts;
  const asked = refused + answered + absent + moved + unclear;
  const parts = [
    `${asked} of ${total} routes asked for without a credential: ${refused} refused, ${answered} answered, ${absent} not there`,
    ...(moved > 0 ? [`${moved} sent elsewhere`] : []),
    ...(unclear > 0 ? [`${unclear} without a clear answer`] : []),
    ...(refused === 0 ? ["none asks for a credential"] : []),
  ];
  return { check: "routes", level: refused === 0 ? "warning" : "ok", message: parts.join(", ") };
}
