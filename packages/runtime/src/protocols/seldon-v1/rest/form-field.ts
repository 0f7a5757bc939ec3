/**
 * The value of a field in an `application/x-www-form-urlencoded` text, undefined where it has none; the first of several counts.
 *
 * Only that field is decoded: the others may be any number. Throws URIError for escapes that are no UTF-8. Source: URL Standard, "application/x-www-form-urlencoded parsing".
 */
export function formField(text: string, name: string): string | undefined {
  const start = `${name}=`;
  for (let at = 0; at >= 0 && at < text.length;) {
    const next = text.indexOf("&", at);
    if (text.startsWith(start, at))
      return decodeURIComponent(text.slice(at + start.length, next < 0 ? text.length : next).replaceAll("+", " "));
    at = next < 0 ? -1 : next + 1;
  }
  return undefined;
}
