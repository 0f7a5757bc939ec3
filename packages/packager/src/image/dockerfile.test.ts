import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { describeWith, imageTool } from "../../../../test/support/needs.ts";
import { dockerfile, dockerignore } from "./dockerfile.ts";
import { PLAIN_FACTS } from "./image-facts.fixture.ts";
import { type ImageFacts, planImage } from "./image-plan.ts";

const facts: ImageFacts = {
  ...PLAIN_FACTS,
  models: [{ source: "models/a.onnx", digest: "sha256:ab" }],
  hasTensorFlow: false,
  hasModels: true,
  files: ["bento.json", "openapi.json", "bento.yaml"],
};

describe("dockerfile", () => {
  it("has one layer for each of Node, dependencies, models, code and facts, in this order", () => {
    expect(dockerfile(planImage(facts))).toBe(`# Written by bento-ts build.
ARG BASE_IMAGE=debian:12-slim
FROM \${BASE_IMAGE}
COPY node/ /usr/local/
COPY node_modules/ /app/node_modules/
COPY models/ /app/models/
COPY service/ /app/service/
COPY bento.json openapi.json bento.yaml init.sh /app/
WORKDIR /app
LABEL org.opencontainers.image.title="boston" \\
      org.opencontainers.image.version="1.4.0" \\
      bento-ts.models="{\\"models/a.onnx\\":\\"sha256:ab\\"}"
ENV NODE_ENV="production" \\
      HOME="/tmp" \\
      ORT_DISABLE_TELEMETRY="1"
USER 65532:0
EXPOSE 3000 3001 3002
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["/usr/local/bin/node","-e","require(\\"node:http\\").get(\\"http://127.0.0.1:\\"+(process.env.BENTO_SERVER_ADMIN_PORT||3002)+\\"/healthz\\",r=>process.exit(r.statusCode===200?0:1)).on(\\"error\\",()=>process.exit(1))"]
ENTRYPOINT ["/bin/sh","/app/init.sh","/usr/local/bin/node","/app/node_modules/@bento-ts/runtime/dist/server/entry.js","--bento","/app","--image"]
`);
  });

  it("copies no models when there are none", () => {
    expect(dockerfile(planImage({ ...facts, models: [], hasModels: false }))).not.toContain("models");
  });

  it("names a port that takes REST and gRPC once", () => {
    expect(dockerfile(planImage({ ...facts, grpcPort: 3000 }))).toContain("\nEXPOSE 3000 3002\n");
  });

  it("installs Debian packages as root before anything else, sorted, and leaves no lists, caches and logs behind", () => {
    const text = dockerfile(planImage({ ...facts, packages: ["libgomp1", "curl=7.88"] }));
    const install = "DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends curl=7.88 libgomp1";
    const left =
      "/var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/cache/ldconfig/aux-cache /var/log/apt /var/log/alternatives.log /var/log/dpkg.log";
    expect(text).toContain(`FROM \${BASE_IMAGE}
USER 0
# Which version is the author's to say: image.packages takes name=version.
# hadolint ignore=DL3008
RUN apt-get update && ${install} && rm -rf ${left}
COPY node/`);
    expect(text.indexOf("USER 65532:0")).toBeGreaterThan(text.indexOf("COPY bento.json"));
  });

  it("runs scripts as root after the packages, in the order given, each with the secrets mounted", () => {
    const scripts = [
      { path: "z.sh", hasInterpreter: false },
      { path: "setup/a b.py", hasInterpreter: true },
    ];
    const text = dockerfile(planImage({ ...facts, packages: ["libgomp1"], scripts, secrets: ["token", "key"] }));
    const mounts = "--mount=type=secret,id=token --mount=type=secret,id=key";
    expect(text).toContain(`\nRUN ${mounts} apt-get update`);
    const steps = text.split("\n").filter((line) => /^(COPY|RUN|USER)/.test(line));
    expect(steps.slice(2, 6)).toEqual([
      "COPY scripts/ /app/scripts/",
      `RUN ${mounts} ["/bin/sh","-e","/app/scripts/z.sh"]`,
      `RUN ${mounts} ["/app/scripts/setup/a b.py"]`,
      "COPY node/ /usr/local/",
    ]);
    expect(dockerignore(planImage({ ...facts, scripts }))).toMatch(/^\*\n!scripts\n/);
  });

  it("keeps quotes, variables and line ends of the author's texts from being read as instructions", () => {
    const text = dockerfile(
      planImage({
        ...facts,
        description: 'The "best"\nUSER root',
        env: { A: "$HOME\\x", NODE_ENV: "test" },
      }),
    );
    expect(text).toContain('org.opencontainers.image.description="The \\"best\\" USER root" \\\n');
    expect(text).toContain('A="\\$HOME\\\\x"');
    expect(text).toContain('ENV NODE_ENV="test" \\\n');
    expect(text.match(/^USER .*$/gm)).toEqual(["USER 65532:0"]);
  });

  it("names the commit where it is known", () => {
    expect(dockerfile(planImage({ ...facts, revision: "0a1b" }))).toContain(
      'org.opencontainers.image.revision="0a1b" \\\n',
    );
  });

  it("needs no frontend of the network", () => {
    expect(dockerfile(planImage(facts))).not.toMatch(/syntax=/);
  });
});

describeWith("hadolint", "hadolint", () => {
  const scripts = [
    { path: "a.sh", hasInterpreter: false },
    { path: "b.py", hasInterpreter: true },
  ];
  it.each<[string, Partial<ImageFacts>]>([
    ["the plain one", {}],
    ["one with packages", { packages: ["libgomp1", "curl=7.88"] }],
    ["one with scripts", { scripts }],
    ["one with packages, scripts and secrets", { packages: ["libgomp1"], scripts, secrets: ["token", "key"] }],
    ["one without models on a pinned base", { models: [], hasModels: false, base: `debian@sha256:${"0".repeat(64)}` }],
  ])("finds nothing in %s", (_name, change) => {
    const input = dockerfile(planImage({ ...facts, ...change }));
    const { status, stdout } = spawnSync(imageTool("hadolint"), ["--failure-threshold", "style", "-"], { input });
    expect(stdout.toString()).toBe("");
    expect(status).toBe(0);
  });
});

describe("dockerignore", () => {
  it("lets through what the Dockerfile copies and nothing else", () => {
    expect(dockerignore(planImage(facts))).toBe(
      "*\n!node\n!node_modules\n!models\n!service\n!bento.json\n!openapi.json\n!bento.yaml\n!init.sh\n",
    );
  });
});
