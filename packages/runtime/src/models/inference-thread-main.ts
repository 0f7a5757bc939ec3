import { setImmediate as nextTurn } from "node:timers/promises";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { toServingError } from "../errors.ts";
import { ENGINES } from "./engines.ts";
import { type FromThread, packTensors, type ThreadStart, toErrorMessage, type ToThread } from "./thread-messages.ts";
import type { LoadedModel } from "./types.ts";

// The file that an inference thread runs: it loads one model, answers its runs, and ends by itself when told to close.
if (parentPort !== null) await serve(parentPort, workerData);

async function serve(port: MessagePort, start: ThreadStart): Promise<void> {
  const send = (message: FromThread, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);
  try {
    const model = await ENGINES[start.engine].load(start.spec);
    port.on("message", (message: ToThread) => {
      // A failure to send ends the thread, and its owner starts another.
      void answer(message, { model, port, send });
    });
    send({ kind: "ready", info: model.info });
  } catch (cause) {
    send({ kind: "failed", error: toErrorMessage(toServingError(cause)) });
    port.close();
  }
}

interface Answering {
  readonly model: LoadedModel;
  readonly port: MessagePort;
  send(message: FromThread, transfer?: ArrayBuffer[]): void;
}

async function answer(message: ToThread, { model, port, send }: Answering): Promise<void> {
  if (message.kind === "close") {
    await model.dispose();
    // Nothing else keeps the thread's loop alive: it ends here, with no run in progress.
    port.close();
    return;
  }
  // What came behind this run is looked at before it blocks the thread.
  await nextTurn();
  try {
    const start = performance.now();
    const outputs = await model.run(message.feeds);
    const ms = performance.now() - start;
    const { tensors, transfer } = packTensors(outputs, { giveAway: true });
    send({ kind: "done", tensors, ms }, transfer);
  } catch (cause) {
    send({ kind: "failed", error: toErrorMessage(toServingError(cause)) });
  }
}
