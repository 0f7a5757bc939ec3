import type { ListedAccess, ServerPlan } from "../list-routes.ts";
import { type Finding, problem, warning } from "./finding.ts";

/** What is odd about who may call what. */
export function accessFindings({ functions }: ListedAccess, { config, definition }: ServerPlan): readonly Finding[] {
  const { security } = config;
  const wished = definition.apis.filter(({ authorize }) => authorize === "public").map(({ name }) => name);
  return [
    ...functions.flatMap((listed) => {
      const { name, policy, rules } = listed;
      if (policy === "public" && listed.openedBy === "author")
        return [warning("security.authorOverridable", `everybody may call ${name}: its author has opened it`)];
      if (wished.includes(name) && policy !== "public")
        return [
          warning(
            "security.authorOverridable",
            `the author of ${name} opens it to everybody, the platform does not let them`,
          ),
        ];
      if (policy === "rules" && rules.length === 0)
        return [
          warning("security.defaultAuthorization", `nobody may call ${name}: it has no rules, and the default is deny`),
        ];
      const closing = rules.find(({ access }) => access.allow?.length === 0);
      return closing === undefined
        ? []
        : [warning("security.authorization", `nobody may call ${name}: a list allow of the ${closing.owner} is empty`)];
    }),
    ...security.issuers.flatMap(({ issuer }, at) =>
      issuer.startsWith("http:")
        ? [problem(`security.oidc.issuers[${at}]`, `${issuer} is an issuer of this machine: others can't reach it`)]
        : [],
    ),
  ];
}
