import type { JsonValue } from "../io/types.ts";
import type { KeyType } from "./key-types.ts";

/** One key of the configuration. */
export interface KeyRow<T> {
  readonly type: KeyType<T>;
  /** Written as a user writes it: `"60s"`, `"16MiB"`. */
  readonly default: JsonValue;
  /** Why the default is what it is. */
  readonly reason: string;
  /** One sentence on what the key decides. */
  readonly doc: string;
  /** Values are never shown in messages. */
  readonly secret?: boolean;
}
