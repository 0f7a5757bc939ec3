import {
  defaultResource,
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
} from "@opentelemetry/resources";

/** What every span tells of its process: the service's name and version unless OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES, which it reads from the environment, say another. */
export function describeProcess(
  service: { readonly name: string; readonly version: string },
  attributes: Readonly<Record<string, string>>,
): Resource {
  const own = { "service.name": service.name, "service.version": service.version, "process.pid": process.pid };
  return defaultResource()
    .merge(resourceFromAttributes({ ...own, ...attributes }))
    .merge(detectResources({ detectors: [envDetector] }));
}
