/** Names of query parameters that are shown, in their order; what could be a value that stands in a name's place is a `*`. */
export function queryNamesOf(query: URLSearchParams): readonly string[] {
  const names = new Set<string>();
  for (const name of query.keys()) {
    if (names.size === MAX_NAMES) break;
    names.add(PLAIN_NAME.test(name) ? name : "*");
  }
  return [...names];
}

const MAX_NAMES = 20;
/** Shorter than any key or token: `?<token>` is a parameter whose name is the secret. */
const PLAIN_NAME = /^(?!eyJ)[\w.[\]-]{1,31}$/;
