import { nativeApis } from "../protocols/native/routes.ts";
import { openApiDocument, type DocumentedSecurity, type SignIn } from "../protocols/openapi/index.ts";
import type { ProtocolHost } from "../protocols/types.ts";
import type { WriteDocument } from "../transports/http/docs-app.ts";
import { readExampleFiles } from "./example-files.ts";

/** Reads what the OpenAPI document of a server needs; gives what writes it. `baseDir` is the folder of the service's example files. */
export async function loadDocument(
  host: ProtocolHost,
  { baseDir, security }: { readonly baseDir: string; readonly security: DocumentedSecurity },
): Promise<WriteDocument> {
  const documented = { ...host.definition, apis: nativeApis(host) };
  const exampleFiles = await readExampleFiles(documented, baseDir);
  return ({ signIns, ...wanted }) =>
    openApiDocument(documented, {
      ...wanted,
      exampleFiles,
      security: signIns === undefined ? security : securityOfPage(security, signIns),
    });
}

/** A page asks no issuer about itself, which its policy forbids: it is told where to sign in, or takes a token that was got elsewhere. */
function securityOfPage(security: DocumentedSecurity, signIns: Readonly<Record<string, SignIn>>): DocumentedSecurity {
  const issuers = security.issuers.map((entry) => ({
    ...entry,
    discoveryUrl: undefined,
    signIn: Object.hasOwn(signIns, entry.issuer) ? signIns[entry.issuer] : undefined,
  }));
  return { ...security, issuers };
}
