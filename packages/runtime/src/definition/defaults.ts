/** What an API does unless its author says otherwise. */
export const API_DEFAULTS = {
  /** A result that JSON can't carry is a fault the author should hear of, not a silent null. */
  nan: "error",
  /** Golden examples are exact unless a tolerance is given. */
  exampleTolerance: 0,
} as const;
