import { ServingError } from "@bento-ts/runtime/definition";
import { buildArgs, DOCKER_WORDS, type Engine } from "./engine.ts";

/** Docker, by BuildKit or by the classic builder: DOCKER_BUILDKIT decides, else the client; a build with secrets needs BuildKit. */
export const docker: Engine = {
  platform: ["version", "--format", "{{.Server.Os}}/{{.Server.Arch}}"],
  build(request, env) {
    // An attestation would turn the image into an index, with another digest in each build.
    const variables = { ...env, BUILDX_NO_DEFAULT_ATTESTATIONS: "1" };
    const args = buildArgs(request);
    if (request.secrets.length === 0) return { args, env: variables };
    if (env["DOCKER_BUILDKIT"] === "0") {
      throw new ServingError(
        "FAILED_PRECONDITION",
        "secrets need BuildKit, and DOCKER_BUILDKIT=0 turns it off: unset it, or use --builder podman or buildah",
      );
    }
    return { args, env: { ...variables, DOCKER_BUILDKIT: "1" } };
  },
  ...DOCKER_WORDS,
  save: (names, file) => ["save", "--output", file, ...names],
};
