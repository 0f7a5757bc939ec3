const WORDS: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(["y", "yes", "t", "true", "on", "1"].map((word) => [word, true])),
  ...Object.fromEntries(["n", "no", "f", "false", "off", "0"].map((word) => [word, false])),
};

/** The truth of a word as Python's `strtobool` has it, in any letter case; undefined for any other. */
export function parseLaxBoolean(text: string): boolean | undefined {
  const word = text.trim().toLowerCase();
  return Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
}

/** Seldon's own three words for true. */
export function isTrue(text: string): boolean {
  return /^(1|true|t)$/i.test(text);
}
