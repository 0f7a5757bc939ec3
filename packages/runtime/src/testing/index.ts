export { compareOutputs, type OutputComparison } from "./compare-outputs.ts";
export { fakeModel, type FakeModelOptions, type FakeTensors } from "./fake-model.ts";
export { createTestClient, type TestClient, type TestClientOptions, type TestReply } from "./test-client.ts";
export type { LoadedModel } from "../models/types.ts";
