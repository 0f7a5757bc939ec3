import { loadSync, type MethodDefinition, type ServiceDefinition } from "@grpc/proto-loader";

/** Messages as an implementation that is not ours encodes and decodes them: protobufjs, from the `.proto` file. */
const definition = loadSync(new URL("../../../../../../protos/open_inference.proto", import.meta.url).pathname, {
  keepCase: true,
  longs: String,
  arrays: true,
  defaults: true,
});

/** One method of `inference.GRPCInferenceService`. */
export function inferenceMethod(name: string): MethodDefinition<object, object> {
  const service = definition["inference.GRPCInferenceService"] as ServiceDefinition;
  const method = service[name];
  if (method === undefined) throw new Error(`the .proto has no method ${name}`);
  return method;
}
