import type { ImageFacts } from "./image-plan.ts";

/** Facts of a service that asks for nothing. */
export const PLAIN_FACTS: ImageFacts = {
  name: "boston",
  version: "1.4.0",
  description: "",
  base: "debian:12-slim",
  packages: [],
  scripts: [],
  secrets: [],
  env: {},
  models: [],
  hasTensorFlow: false,
  hasModels: false,
  files: ["bento.json"],
  port: 3000,
  grpcPort: 3001,
  adminPort: 3002,
};
