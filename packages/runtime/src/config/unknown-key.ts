import { KEY_PATHS, SECTION_PATHS } from "./keys.ts";
import { nearestName } from "../did-you-mean.ts";

/** What to tell about a key that does not exist: the one that was probably meant, or those that stand in its place. */
export function unknownKeyMessage(path: string): string {
  const segments = path.split(".");
  const section = segments.slice(0, -1).join(".");
  const siblings = namesIn(section);
  const near = nearestName(segments.at(-1) ?? "", siblings);
  const meant = near === undefined ? sameLastName(path) : [...segments.slice(0, -1), near].join(".");
  if (meant !== undefined) return `unknown key; did you mean ${meant}?`;
  return `unknown key; ${section === "" ? "there are" : `${section} has`} ${siblings.join(", ")}`;
}

/** `port` at the top is meant for `server.port`; a name that ends several keys tells nothing. */
function sameLastName(path: string): string | undefined {
  const last = lastName(path);
  const same = [...KEY_PATHS, ...SECTION_PATHS].filter((known) => lastName(known) === last);
  return same.find((known) => known === `server.${last}`) ?? (same.length === 1 ? same[0] : undefined);
}

function lastName(path: string): string {
  return path.split(".").at(-1)?.toLowerCase() ?? "";
}

function namesIn(section: string): readonly string[] {
  const prefix = section === "" ? "" : `${section}.`;
  const inside = KEY_PATHS.filter((path) => path.startsWith(prefix)).map(
    (path) => path.slice(prefix.length).split(".")[0] ?? "",
  );
  return [...new Set(inside)];
}
