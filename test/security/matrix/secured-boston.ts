import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SecuredBostonService } from "../../../examples/boston/secured/service.ts";
import { toKeyLine } from "../../../packages/runtime/src/auth/api-keys/key-file.ts";
import { createKey, type NewKey } from "../../../packages/runtime/src/auth/api-keys/key-text.ts";
import { createTestKey, type TestKey } from "../../../packages/runtime/src/auth/oidc/testing.fixture.ts";
import { registeredService } from "../../../packages/runtime/src/authoring/registered-service.ts";
import { readYamlText } from "../../../packages/runtime/src/config/yaml-text.ts";
import { planProto } from "../../../packages/runtime/src/protocols/proto/plan-proto.ts";
import { printProto } from "../../../packages/runtime/src/protocols/proto/print-proto.ts";
import { root } from "../../support/server-process.ts";

/** Folder of the secured example. */
export const SECURED = join(root, "examples/boston/secured");

/** What a server of the secured example is started with, and what signs for its callers. */
export interface SecuredBoston {
  /** Variables that put this process in the place of both issuers, and an API key file beside them; everything else is as the example's platform.yaml says. */
  readonly env: Readonly<Record<string, string>>;
  /** Names of the issuers, as the example has them. */
  readonly issuers: { readonly people: string; readonly cluster: string };
  /** The issuers' keys. */
  readonly keys: { readonly people: TestKey; readonly cluster: TestKey };
  /** A key for all functions, one for `score` alone, one that nobody has issued. */
  readonly apiKeys: { readonly team: NewKey; readonly limited: NewKey; readonly unknown: NewKey };
  /** The service's `.proto`. */
  readonly protoFile: string;
  remove(): Promise<void>;
}

interface Platform {
  readonly security: {
    readonly oidc: { readonly issuers: readonly { readonly issuer: string; readonly audiences: readonly string[] }[] };
    readonly authorOverridable: readonly string[];
    readonly authorization: { readonly functions: object };
  };
}

/** Reads the example's configuration of the platform, and puts own keys in the place of those of its issuers. */
export async function prepareSecuredBoston(): Promise<SecuredBoston> {
  const dir = await mkdtemp(join(tmpdir(), "bento-secured-"));
  const { security } = readYamlText(await readFile(join(SECURED, "platform.yaml"), "utf8")).tree as Platform;
  const [people = NOBODY, cluster = NOBODY] = security.oidc.issuers;
  const keys = { people: createTestKey("ES256", "k1"), cluster: createTestKey("RS256", "k1") };
  await writeFile(join(dir, "people.json"), JSON.stringify({ keys: [keys.people.jwk] }));
  await writeFile(join(dir, "cluster.json"), JSON.stringify({ keys: [keys.cluster.jwk] }));
  const apiKeys = { team: createKey("bento"), limited: createKey("bento"), unknown: createKey("bento") };
  const lines = [keyLine(apiKeys.team, undefined), keyLine(apiKeys.limited, ["score"])];
  await writeFile(join(dir, "keys"), lines.join("\n"));
  const definition = registeredService(SecuredBostonService)?.definition;
  if (definition === undefined) throw new Error("the example is no service");
  const protoFile = join(dir, "boston.proto");
  await writeFile(protoFile, printProto(planProto(definition, undefined)));
  return {
    env: {
      BENTO_SECURITY_OIDC_ISSUERS: JSON.stringify([
        withKeys(people, join(dir, "people.json")),
        withKeys(cluster, join(dir, "cluster.json")),
      ]),
      BENTO_SECURITY_API_KEYS_FILE: join(dir, "keys"),
      BENTO_SECURITY_AUTHOR_OVERRIDABLE: JSON.stringify(security.authorOverridable),
      BENTO_SECURITY_AUTHORIZATION_FUNCTIONS: JSON.stringify(security.authorization.functions),
      // Whoever tries every bad credential on every surface would be held up else.
      BENTO_SECURITY_FAILED_AUTHENTICATIONS: "off",
    },
    issuers: { people: people.issuer, cluster: cluster.issuer },
    keys,
    apiKeys,
    protoFile,
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

const NOBODY: Platform["security"]["oidc"]["issuers"][number] = { issuer: "", audiences: [] };

function withKeys({ issuer, audiences, ...rest }: typeof NOBODY & { readonly groupsClaim?: string }, jwksFile: string) {
  return {
    issuer,
    audiences,
    jwksFile,
    ...(rest.groupsClaim === undefined ? {} : { groupsClaim: rest.groupsClaim }),
  };
}

function keyLine({ id, sha256 }: NewKey, functions: readonly string[] | undefined): string {
  return toKeyLine({
    id,
    sha256,
    owner: "r-scripts",
    groups: ["appraisers"],
    scopes: [],
    notBeforeMs: undefined,
    expiresMs: undefined,
    functions,
  });
}
