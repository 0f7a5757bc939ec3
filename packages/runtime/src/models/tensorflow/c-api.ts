import { createRequire } from "node:module";
import { join } from "node:path";
import { ServingError } from "../../errors.ts";
import type { NativeTensorFlow } from "./native-library.ts";

/**
 * The functions of TensorFlow's C API that run a SavedModel, under its own names without `TF_`, and the C library's for memory.
 *
 * Addresses and handles are numbers: user space ends below 2^47. Arrays are read and written in place for as long as a call takes.
 * Source: tensorflow/c/c_api.h, tf_tensor.h, tf_status.h of 2.15.
 */
export interface TensorFlowC {
  Version(): string;
  NewStatus(): number;
  DeleteStatus(status: number): void;
  /** 0 is OK; the numbers are those of gRPC. */
  GetCode(status: number): number;
  Message(status: number): string;
  NewSessionOptions(): number;
  DeleteSessionOptions(options: number): void;
  /** `proto` is a serialized ConfigProto. */
  SetConfig(options: number, proto: Uint8Array, length: number, status: number): void;
  NewGraph(): number;
  DeleteGraph(graph: number): void;
  LoadSessionFromSavedModel(
    options: number,
    runOptions: 0,
    dir: string,
    tags: readonly string[],
    tagCount: number,
    graph: number,
    metaGraph: 0,
    status: number,
  ): number;
  CloseSession(session: number, status: number): void;
  DeleteSession(session: number, status: number): void;
  /** 0 when the graph has no such operation. */
  GraphOperationByName(graph: number, name: string): number;
  AllocateTensor(type: number, dims: BigInt64Array, dimCount: number, byteLength: number): number;
  /** Takes the memory at `data` over and gives it to `deallocator` once nothing refers to it. */
  NewTensor(
    type: number,
    dims: BigInt64Array,
    dimCount: number,
    data: number,
    byteLength: number,
    deallocator: bigint,
    argument: 0,
  ): number;
  DeleteTensor(tensor: number): void;
  TensorType(tensor: number): number;
  TensorData(tensor: number): number;
  TensorByteSize(tensor: number): number;
  NumDims(tensor: number): number;
  Dim(tensor: number, axis: number): number;
  /** `inputs` and `outputs` are arrays of TF_Output, the values arrays of handles. */
  SessionRun(
    session: number,
    runOptions: 0,
    inputs: BigUint64Array,
    inputValues: BigUint64Array,
    inputCount: number,
    outputs: BigUint64Array,
    outputValues: BigUint64Array,
    outputCount: number,
    targets: 0,
    targetCount: 0,
    runMetadata: 0,
    status: number,
  ): void;
  malloc(byteLength: number): number;
  /** Address of `free`. */
  readonly free: bigint;
  /** Memory in whole pages; `protection` and `flags` are those of Linux. The highest address there is says that there is no memory. */
  mmap(address: 0, byteLength: number, protection: number, flags: number, file: -1, offset: 0): number | bigint;
  /** Address of `munmap`. */
  readonly munmap: bigint;
  write(address: number, bytes: Uint8Array, byteLength: number): void;
  read(bytes: Uint8Array, address: number, byteLength: number): void;
}

/**
 * Loads the native TensorFlow into this process, once; threads share it.
 *
 * Throws FAILED_PRECONDITION, with the reason of the system's loader, when it can't be loaded here.
 */
export function loadTensorFlowC({
  addonDir,
  libraryDir,
}: Pick<NativeTensorFlow, "addonDir" | "libraryDir">): TensorFlowC {
  return (loaded ??= declare(openLibraries(addonDir, join(libraryDir, "libtensorflow_cc.so.2"))));
}

let loaded: TensorFlowC | undefined;

/** What is used of koffi; prepared beside the library, since nothing but the library needs it. */
interface Koffi {
  load(path: string): NativeLibrary;
}

interface NativeLibrary {
  // Its functions have the types that the declaration beside each gives them.
  // oxlint-disable-next-line typescript/no-explicit-any
  func(name: string, result: string, parameters: readonly string[]): any;
  symbol(name: string): bigint;
}

interface Libraries {
  readonly tensorFlow: NativeLibrary;
  readonly c: NativeLibrary;
}

const RTLD_NOW = 2;
// Its own threads never end: the library must not go when the thread that loaded it does.
const RTLD_NODELETE = 0x1000;

function openLibraries(addonDir: string, path: string): Libraries {
  try {
    const koffi: Koffi = createRequire(join(addonDir, "package.json"))("koffi");
    const c = koffi.load("libc.so.6");
    c.func("dlopen", HANDLE, ["str", "int"])(path, RTLD_NOW | RTLD_NODELETE);
    return { tensorFlow: koffi.load(path), c };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ServingError("FAILED_PRECONDITION", `the native TensorFlow in ${addonDir} can't be loaded: ${reason}`, {
      cause,
    });
  }
}

const HANDLE = "size_t";
const BYTES = "const void *";

function declare({ tensorFlow, c }: Libraries): TensorFlowC {
  const tf = (name: string, result: string, ...parameters: string[]) =>
    tensorFlow.func(`TF_${name}`, result, parameters);
  return {
    Version: tf("Version", "str"),
    NewStatus: tf("NewStatus", HANDLE),
    DeleteStatus: tf("DeleteStatus", "void", HANDLE),
    GetCode: tf("GetCode", "int", HANDLE),
    Message: tf("Message", "str", HANDLE),
    NewSessionOptions: tf("NewSessionOptions", HANDLE),
    DeleteSessionOptions: tf("DeleteSessionOptions", "void", HANDLE),
    SetConfig: tf("SetConfig", "void", HANDLE, BYTES, "size_t", HANDLE),
    NewGraph: tf("NewGraph", HANDLE),
    DeleteGraph: tf("DeleteGraph", "void", HANDLE),
    LoadSessionFromSavedModel: tf(
      "LoadSessionFromSavedModel",
      HANDLE,
      HANDLE,
      HANDLE,
      "str",
      "const char **",
      "int",
      HANDLE,
      HANDLE,
      HANDLE,
    ),
    CloseSession: tf("CloseSession", "void", HANDLE, HANDLE),
    DeleteSession: tf("DeleteSession", "void", HANDLE, HANDLE),
    GraphOperationByName: tf("GraphOperationByName", HANDLE, HANDLE, "str"),
    AllocateTensor: tf("AllocateTensor", HANDLE, "int", BYTES, "int", "size_t"),
    NewTensor: tf("NewTensor", HANDLE, "int", BYTES, "int", HANDLE, "size_t", HANDLE, HANDLE),
    DeleteTensor: tf("DeleteTensor", "void", HANDLE),
    TensorType: tf("TensorType", "int", HANDLE),
    TensorData: tf("TensorData", HANDLE, HANDLE),
    TensorByteSize: tf("TensorByteSize", "size_t", HANDLE),
    NumDims: tf("NumDims", "int", HANDLE),
    Dim: tf("Dim", "int64_t", HANDLE, "int"),
    SessionRun: tf(
      "SessionRun",
      "void",
      HANDLE,
      HANDLE,
      BYTES,
      BYTES,
      "int",
      BYTES,
      "void *",
      "int",
      HANDLE,
      "int",
      HANDLE,
      HANDLE,
    ),
    malloc: c.func("malloc", HANDLE, ["size_t"]),
    free: c.symbol("free"),
    mmap: c.func("mmap", HANDLE, [HANDLE, "size_t", "int", "int", "int", "int64_t"]),
    munmap: c.symbol("munmap"),
    write: c.func("memcpy", HANDLE, [HANDLE, BYTES, "size_t"]),
    read: c.func("memcpy", HANDLE, ["void *", HANDLE, "size_t"]),
  };
}
