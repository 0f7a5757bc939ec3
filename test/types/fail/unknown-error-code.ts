import { ServingError } from "@bento-ts/runtime";

throw new ServingError("TEAPOT", "short and stout"); // error TS2345
