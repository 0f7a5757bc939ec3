"""test/models/slow-*.onnx: models that take a set time and return their input."""

import time

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from .files import ROOT, float_rows, make_model, tensor_type, write_model

FOLDER = ROOT / "test" / "models"

SIDE = 256

# Measured with one thread; make() prints what one iteration costs on the machine it runs on.
ITERATIONS_1S = 2600
ITERATIONS_90MS = 235


def make() -> None:
    iterations = tensor_type("iterations", TensorProto.INT64, [])
    x, y = float_rows("x", 4), float_rows("y", 4)
    write_model(FOLDER / "slow-loop.onnx", make_model("slow_loop", nodes(), [iterations, x], [y], weights()))
    for name, count in (("slow-1s", ITERATIONS_1S), ("slow-90ms", ITERATIONS_90MS)):
        fixed = numpy_helper.from_array(np.array(count, np.int64), "iterations")
        write_model(FOLDER / f"{name}.onnx", make_model(name.replace("-", "_"), nodes(), [x], [y], [*weights(), fixed]))
    print_times()


def nodes() -> list:
    """Starts from a matrix of ones and multiplies it by one of 1/256 in a loop: it stays exactly one, so y = x + (1 - 1) = x.

    The first matrix depends on the shape of x, at run time, so that no optimiser works the loop out when the model is loaded.
    """
    return [
        helper.make_node("Shape", ["x"], ["x_shape"]),
        helper.make_node("Gather", ["x_shape", "first"], ["rows"]),
        helper.make_node("Cast", ["rows"], ["rows_float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["rows_float", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "one"], ["start"]),
        helper.make_node("Expand", ["start", "side"], ["ones"]),
        helper.make_node("ConstantOfShape", ["side"], ["factor"], value=numpy_helper.from_array(np.array([1 / SIDE], np.float32))),
        helper.make_node("Loop", ["iterations", "", "ones"], ["matrix"], body=loop_body()),
        helper.make_node("Gather", ["matrix", "first"], ["row"]),
        helper.make_node("Gather", ["row", "first"], ["corner"]),
        helper.make_node("Sub", ["corner", "one"], ["difference"]),
        helper.make_node("Add", ["x", "difference"], ["y"]),
    ]


def loop_body() -> onnx.GraphProto:
    matrix = [SIDE, SIDE]
    return helper.make_graph(
        [helper.make_node("Identity", ["goes_on"], ["still_goes_on"]), helper.make_node("MatMul", ["from", "factor"], ["to"])],
        "body",
        [
            tensor_type("iteration", TensorProto.INT64, []),
            tensor_type("goes_on", TensorProto.BOOL, []),
            tensor_type("from", TensorProto.FLOAT, matrix),
        ],
        [tensor_type("still_goes_on", TensorProto.BOOL, []), tensor_type("to", TensorProto.FLOAT, matrix)],
    )


def weights() -> list:
    return [
        numpy_helper.from_array(np.array(0, np.int64), "first"),
        numpy_helper.from_array(np.array(0, np.float32), "zero"),
        numpy_helper.from_array(np.array(1, np.float32), "one"),
        numpy_helper.from_array(np.array([SIDE, SIDE], np.int64), "side"),
    ]


def print_times() -> None:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    x = np.arange(8, dtype=np.float32).reshape(2, 4)
    for name, more in (("slow-loop", {"iterations": np.array(1000, np.int64)}), ("slow-1s", {}), ("slow-90ms", {})):
        session = onnxruntime.InferenceSession(FOLDER / f"{name}.onnx", options)
        best_ms, best_cpu_ms = min(timed_ms(session, {"x": x, **more}) for _ in range(5))
        print(f"        {name}.onnx{' with 1000 iterations' if more else ''}: {best_ms:.0f} ms, {best_cpu_ms:.0f} ms of CPU, one thread, best of 5")


def timed_ms(session: onnxruntime.InferenceSession, feeds: dict) -> tuple[float, float]:
    started, cpu_started = time.perf_counter(), time.process_time()
    session.run(None, feeds)
    return (time.perf_counter() - started) * 1000, (time.process_time() - cpu_started) * 1000
