import { parentPort } from "node:worker_threads";
import { compressPiece } from "./gzip.ts";

/** A thread that compresses what it is sent, one piece after the other. */
parentPort?.on("message", (piece: Uint8Array) => {
  const member = compressPiece(piece);
  parentPort?.postMessage(member, [member.buffer as ArrayBuffer]);
});
