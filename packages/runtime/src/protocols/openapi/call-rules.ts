import type { ApiDefinition } from "../../definition/types.ts";
import { ruleText } from "../../definition/access/rule-text.ts";
import type { Access, DenyRule } from "../../definition/access/types.ts";
import type { JsonObject } from "./json-object.ts";
import { securitySchemes } from "./security-schemes.ts";
import type { DocumentedSecurity, OpenApiVersion } from "./types.ts";

/** What an operation says of who may call it. */
export interface CallRules {
  /** Members of the operation. */
  readonly members: JsonObject;
  /** Paragraphs of its description. */
  readonly notes: readonly string[];
}

/** Nothing: the server asks nobody. */
export const NO_RULES: CallRules = { members: {}, notes: [] };

/** Whether a server asks callers who they are. */
export function asksCallers(security: DocumentedSecurity | undefined): security is DocumentedSecurity {
  return security !== undefined && Object.keys(securitySchemes(security, "3.1")).length > 0;
}

/**
 * Who may call an API: the ways to show who one is, and its author's rules where readers may know them.
 *
 * The platform's rules are never told: they are the operator's, and name people of other teams.
 */
export function callRules(api: ApiDefinition, security: DocumentedSecurity, version: OpenApiVersion): CallRules {
  if (!asksCallers(security)) return NO_RULES;
  if (security.publicApis.includes(api.name))
    return { members: { security: [] }, notes: ["Everybody may call it, without credentials."] };
  const authorize = security.showsRules && api.authorize !== "public" ? (api.authorize ?? undefined) : undefined;
  const required = Object.keys(securitySchemes(security, version)).map((name): JsonObject => ({ [name]: [] }));
  // An empty list would say that nobody is asked: 3.0 has no word for a certificate, and says nothing.
  const alternatives = security.allowAnonymous && authorize === undefined ? [...required, {}] : required;
  return {
    members: {
      ...(required.length === 0 ? {} : { security: alternatives }),
      ...(authorize === undefined ? {} : { "x-bento-authorize": toJson(authorize) }),
    },
    notes: [
      security.allowAnonymous ? `Takes ${waysOf(security)}.` : `Asks for ${waysOf(security)}.`,
      ...(authorize === undefined ? [] : ruleNotes(authorize)),
    ],
  };
}

function waysOf({ issuers, apiKeys, hasPasswords, hasCertificates }: DocumentedSecurity): string {
  const ways = [
    ...(issuers.length > 0 ? ["an access token"] : []),
    ...(apiKeys === null ? [] : ["an API key"]),
    ...(hasPasswords ? ["a user name and password"] : []),
    ...(hasCertificates ? ["a client certificate"] : []),
  ];
  return [ways.slice(0, -1).join(", "), ...ways.slice(-1)].filter((part) => part !== "").join(" or ");
}

function ruleNotes({ deny, allow }: Access): readonly string[] {
  const lines = [...ruleLines("deny", deny, "everybody"), ...ruleLines("allow", allow, "nobody")];
  // As code: what a rule names is text, whatever signs are in it.
  return lines.length === 0 ? [] : ["Its author's rules, which the operator may narrow:", lines.join("\n")];
}

function ruleLines(name: string, rules: readonly DenyRule[] | undefined, whenEmpty: string): readonly string[] {
  if (rules === undefined) return [];
  return (rules.length === 0 ? [whenEmpty] : rules.map(ruleText)).map((text) => `    ${name}: ${text}`);
}

/** Rules are plain data; an object's type only has names where JSON's has an index. */
function toJson(access: Access): JsonObject {
  return {
    ...(access.deny === undefined ? {} : { deny: access.deny.map((rule) => ({ ...rule })) }),
    ...(access.allow === undefined ? {} : { allow: access.allow.map((rule) => ({ ...rule })) }),
  };
}
