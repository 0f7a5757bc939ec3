export { compareOutputs, type OutputComparison } from "./compare-outputs.ts";
export { fakeModel, type FakeModelOptions, type FakeTensors } from "./fake-model.ts";
export { createTestClient, type TestClient, type TestClientOptions, type TestReply } from "./test-client.ts";
export type { LoadedModel } from "../models/types.ts";
export { type DevClaimOptions } from "./dev-idp/dev-claims.ts";
export { type DevIssuer, type DevIssuerOptions, startDevIssuer } from "./dev-idp/dev-issuer.ts";
