import type { Access, Authorize } from "../../definition/access/types.ts";
import type { Subject } from "./compile-rule.ts";
import { type CompiledAccess, compileAccess, decide, type Decision, type Trace } from "./decide.ts";

/** Who may call which function, by the rules of platform and author. */
export interface Policy {
  /** Decides by the rules in force now. A function for which nobody has written who may call is open to whom the default names. */
  decide(api: string, subject: PolicySubject, trace?: Trace): Decision;
  /** Whether everybody may call a function, without credentials. */
  isPublic(api: string): boolean;
  hasPublic(): boolean;
  /** Rules in force for a function, of which each must allow. */
  rulesOf(api: string): readonly OwnedAccess[];
}

/** A caller, and the functions that their credential is limited to. */
export type PolicySubject = Subject & { readonly functions?: readonly string[] | undefined };

/** Rules and who wrote them. */
export interface OwnedAccess {
  readonly owner: CompiledAccess["owner"];
  readonly access: Access;
}

export interface PolicyOptions {
  /** Functions with their author's rules. */
  readonly apis: readonly { readonly name: string; readonly authorize: Authorize | null }[];
  /** The platform's rules by function; `*` for all of them. */
  readonly platform: Readonly<Record<string, Access>>;
  /** Rules that stand in place of the author's, by function; `*` for those that are not named. Read at each decision: it may change. */
  readonly replacements: () => Readonly<Record<string, Access>>;
  readonly defaultAuthorization: "authenticated" | "deny";
  /** Whether an author may open a function to everybody. */
  readonly letsAuthorsOpen: boolean;
}

/** Makes the policy of a service; what `accessProblems` finds fault with must not come here. Source: security.md A1.2, A3. */
export function createPolicy(options: PolicyOptions): Policy {
  const { apis, platform, replacements, defaultAuthorization, letsAuthorsOpen } = options;
  const authors = new Map(apis.map(({ name, authorize }) => [name, authorize]));
  const isOpened = (api: string, replaced: Readonly<Record<string, Access>>): boolean =>
    letsAuthorsOpen && authors.get(api) === "public" && replacementOf(api, replaced) === undefined;
  const rulesOf = (api: string, replaced: Readonly<Record<string, Access>>): readonly OwnedAccess[] => {
    const authored = authors.get(api);
    const author = replacementOf(api, replaced) ?? (authored === "public" ? undefined : authored);
    const ofPlatform = ["*", api].flatMap((name) => own(platform, name) ?? []);
    return [
      ...ofPlatform.map((access) => ({ owner: "platform" as const, access })),
      ...(author === undefined || author === null ? [] : [{ owner: "author" as const, access: author }]),
    ];
  };
  let made: { readonly from: object; readonly byApi: Map<string, readonly CompiledAccess[]> } | undefined;
  /** Made ready once for each state of the replacements. */
  const compiledOf = (api: string): readonly CompiledAccess[] => {
    const replaced = replacements();
    if (made?.from !== replaced) made = { from: replaced, byApi: new Map() };
    const { byApi } = made;
    const known = byApi.get(api);
    if (known !== undefined) return known;
    const fresh = rulesOf(api, replaced).map(({ owner, access }) => compileAccess(owner, access));
    if (authors.has(api)) byApi.set(api, fresh);
    return fresh;
  };
  return {
    decide: (api, subject, trace) => {
      if (subject.functions !== undefined && !subject.functions.includes(api))
        return { allowed: false, clause: "credential.functions" };
      const rules = compiledOf(api);
      // Who is denied says nothing of who may: a function with denials alone stays closed where the default is.
      const saysWhoMay = rules.some(({ allow }) => allow !== undefined);
      if (!saysWhoMay && defaultAuthorization === "deny" && !isOpened(api, replacements()))
        return { allowed: false, clause: "default" };
      return decide(rules, subject, trace);
    },
    isPublic: (api) => isOpened(api, replacements()) && rulesOf(api, replacements()).length === 0,
    hasPublic: () => apis.some(({ name }) => isOpened(name, replacements())),
    rulesOf: (api) => rulesOf(api, replacements()),
  };
}

function replacementOf(api: string, replaced: Readonly<Record<string, Access>>): Access | undefined {
  return own(replaced, api) ?? own(replaced, "*");
}

function own(rules: Readonly<Record<string, Access>>, name: string): Access | undefined {
  return Object.hasOwn(rules, name) ? rules[name] : undefined;
}
