/** What names of callers with an API key begin with: no token's caller may have such a name. */
export const KEY_NAME = "apikey:";
