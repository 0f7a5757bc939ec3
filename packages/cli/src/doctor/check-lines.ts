import { columns, type createPaint, printable } from "../output.ts";
import type { Check } from "./remote/check.ts";

type Paint = ReturnType<typeof createPaint>;

/** Checks as a person reads them: place by place, one sentence each. */
export function checkLines(checks: readonly Check[], paint: Paint): readonly string[] {
  const places = [...new Set(checks.map(({ about }) => about))];
  const counted = (level: Check["level"]): number => checks.filter((one) => one.level === level).length;
  const [problems, warnings] = [counted("problem"), counted("warning")];
  const sum = `${problems} problems, ${warnings} warnings`;
  return [
    ...places.flatMap((place) => [paint.bold(printable(place)), ...placeLines(checks, { place, paint }), ""]),
    problems > 0 ? paint.red(sum) : sum,
  ];
}

function placeLines(
  checks: readonly Check[],
  { place, paint }: { readonly place: string; readonly paint: Paint },
): readonly string[] {
  const own = checks.filter(({ about }) => about === place);
  const rows = columns(
    own.map(({ level, check, message }) => [level, check, printable(message)]),
    "  ",
  );
  const colours = { ok: paint.green, warning: paint.yellow, problem: paint.red, skipped: paint.dim };
  return own.flatMap(({ level, items = [] }, at) => [
    colours[level](rows[at] ?? ""),
    ...items.map((item) => `    ${printable(item)}`),
  ]);
}
