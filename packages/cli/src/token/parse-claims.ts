import { wrongUsage } from "../command-error.ts";

/** Claims of `name=value` arguments: a value that is JSON is what it says, any other is text. Throws CommandError for an argument without a name. */
export function parseClaims(args: readonly string[]): ReadonlyMap<string, unknown> {
  return new Map(
    args.map((arg) => {
      const place = arg.indexOf("=");
      if (place <= 0) throw wrongUsage(`--claim: expected name=value, such as tenant=ml or /realm/roles='["a"]'`);
      return [arg.slice(0, place), valueOf(arg.slice(place + 1))];
    }),
  );
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Text without quotes, as people write it.
    return text;
  }
}
