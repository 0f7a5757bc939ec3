import type { NamedTensors, Tensor } from "../../tensor/tensor.ts";
import type { DType } from "../../tensor/dtype.ts";
import type { TensorFlowC } from "./c-api.ts";
import { fromNative, toNative } from "./native-tensors.ts";

/** One input or output of a signature and the tensor of the graph that it stands for, `<operation>:<index>`. */
export interface SessionTensor {
  readonly name: string;
  readonly tensor: string;
  readonly dtype: DType;
}

export interface SessionOrder {
  /** The SavedModel's folder. */
  readonly dir: string;
  readonly tags: readonly string[];
  readonly inputs: readonly SessionTensor[];
  /** What a run computes, in this order. */
  readonly outputs: readonly SessionTensor[];
  /** Threads inside one operation, ≥ 1. */
  readonly threads: number;
}

/** A SavedModel in memory, with one of its signatures. */
export interface Session {
  /** Computes before it returns; `feeds` has exactly the inputs. Throws an Error with TensorFlow's own message. */
  run(feeds: NamedTensors): NamedTensors;
  close(): void;
}

/** Loads a SavedModel. Throws an Error with TensorFlow's own message, and leaves nothing in memory then. */
export function openSession(tf: TensorFlowC, order: SessionOrder): Session {
  const status = tf.NewStatus();
  const graph = tf.NewGraph();
  let session = 0;
  const close = (): void => {
    if (session !== 0) {
      tf.CloseSession(session, status);
      tf.DeleteSession(session, status);
    }
    tf.DeleteGraph(graph);
    tf.DeleteStatus(status);
  };
  try {
    session = loadSession(tf, { graph, status, ...order });
    const inputs = toOutputs(tf, graph, order.inputs);
    const outputs = toOutputs(tf, graph, order.outputs);
    return { run: (feeds) => runSession(tf, { session, status, inputs, outputs, order, feeds }), close };
  } catch (cause) {
    close();
    throw cause;
  }
}

interface Opened {
  readonly graph: number;
  readonly status: number;
}

function loadSession(tf: TensorFlowC, { graph, status, dir, tags, threads }: Opened & SessionOrder): number {
  const options = tf.NewSessionOptions();
  try {
    const config = configProto(threads);
    tf.SetConfig(options, config, config.length, status);
    assertOk(tf, status);
    const session = tf.LoadSessionFromSavedModel(options, 0, dir, tags, tags.length, graph, 0, status);
    assertOk(tf, status);
    return session;
  } finally {
    tf.DeleteSessionOptions(options);
  }
}

/**
 * A ConfigProto: `intra_op_parallelism_threads` (field 2) as given, `inter_op_parallelism_threads` (field 5) -1, by which operations run
 * one after the other on the caller's thread and wake none; left alone, both are sized by the host's CPUs.
 *
 * Source: tensorflow/core/protobuf/config.proto.
 */
function configProto(threads: number): Uint8Array {
  const varint = (value: bigint): number[] =>
    value < 128n ? [Number(value)] : [Number(value % 128n) + 128, ...varint(value / 128n)];
  return Uint8Array.from([0x10, ...varint(BigInt(threads)), 0x28, ...varint(2n ** 64n - 1n)]);
}

/** An array of TF_Output: the operation's address and the index of its output, 8 bytes each. */
function toOutputs(tf: TensorFlowC, graph: number, tensors: readonly SessionTensor[]): BigUint64Array {
  return BigUint64Array.from(
    tensors.flatMap(({ name, tensor }) => {
      const [operation = "", index = "0"] = tensor.split(":");
      const address = tf.GraphOperationByName(graph, operation);
      if (address === 0) throw new Error(`"${name}" stands for "${tensor}", and the graph has no such operation`);
      return [BigInt(address), BigInt(index)];
    }),
  );
}

interface Run {
  readonly session: number;
  readonly status: number;
  readonly inputs: BigUint64Array;
  readonly outputs: BigUint64Array;
  readonly order: SessionOrder;
  readonly feeds: NamedTensors;
}

function runSession(tf: TensorFlowC, { session, status, inputs, outputs, order, feeds }: Run): NamedTensors {
  const given = new BigUint64Array(order.inputs.length);
  const results = new BigUint64Array(order.outputs.length);
  try {
    order.inputs.forEach(({ name }, index) => {
      const tensor = feeds[name];
      if (tensor === undefined) throw new Error(`input "${name}" is missing`);
      given[index] = BigInt(toNative(tf, tensor));
    });
    tf.SessionRun(session, 0, inputs, given, given.length, outputs, results, results.length, 0, 0, 0, status);
    assertOk(tf, status);
    return Object.fromEntries(
      order.outputs.map(({ name, dtype }, index): [string, Tensor] => {
        return [name, fromNative(tf, Number(results[index]), dtype)];
      }),
    );
  } finally {
    for (const native of [...given, ...results]) if (native !== 0n) tf.DeleteTensor(Number(native));
  }
}

function assertOk(tf: TensorFlowC, status: number): void {
  if (tf.GetCode(status) !== 0) throw new Error(tf.Message(status));
}
