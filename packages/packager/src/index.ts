export { createBentoStore, type BentoStore, type StoredBento } from "./bentos/bento-store.ts";
export type { BentoManifest } from "./bentos/bento-manifest.ts";
export type { PlacedBento } from "./bentos/place-bento.ts";
export type { TaggedBento } from "./bentos/read-tags.ts";
export { isExportedBento, readExportedBento } from "./bentos/read-exported.ts";
export { bentoStoreDir } from "./bentos/store-layout.ts";
export type { BentoPackage, BentoReport, BentoSizes } from "./bento-report.ts";
export { type ListedFile, listFiles as listBentoFiles } from "./files/file-list.ts";
export { buildBento } from "./build-bento.ts";
export type { BuildOptions, StagedBento } from "./build-options.ts";
export type { LeftOut, LeftOutReason } from "./dependencies/package-files.ts";
export { containerPlatform, dockerPlatform, parsePlatform, type Platform } from "./platform.ts";
export type { BuildEvent, OnBuildEvent } from "./progress.ts";
export {
  assertBuilderReady,
  buildImage,
  defaultTag,
  type ImageOptions,
  type ImageReport,
} from "./image/build-image.ts";
export { BUILDER_CHOICES, type BuilderChoice, chooseBuilder, type ImageBuilder } from "./making/choose-builder.ts";
export type { ImagePlace, MadeImage } from "./making/image-report.ts";
export { type ImageFile, inspectImageFile } from "./oci/inspect-image-file.ts";
export { isLayout } from "./oci/read-layout.ts";
export { makeImage, type MakeImageOptions } from "./making/make-image.ts";
export { pullImage, type PullOptions } from "./registry/pull-image.ts";
export { pushImage, type PushOptions, type PushReport } from "./registry/push-image.ts";
export { parseSecret, type SecretSource } from "./image/engines/parse-secret.ts";
export { SBOM_FILES } from "./sbom/write-sboms.ts";
