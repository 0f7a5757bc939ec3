/** A service name made of a file's or folder's: lower case, `-` for what a name can't hold, `model` where nothing is left. */
export function toServiceName(text: string): string {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const name = words.join("-");
  const named = /^[a-z]/.test(name) ? name : ["model", ...words].join("-");
  return named.slice(0, 63).replace(/-+$/, "");
}
