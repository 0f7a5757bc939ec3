"""test/models: one small ONNX file for each thing a model runner has to get right."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .files import ROOT, float_rows, make_model, tensor_type, write_bytes, write_json, write_model

FOLDER = ROOT / "test" / "models"

# Every element type that the Node binding of ONNX Runtime carries, by the name its metadata gives.
DTYPES = {
    "float32": TensorProto.FLOAT,
    "float64": TensorProto.DOUBLE,
    "float16": TensorProto.FLOAT16,
    "int8": TensorProto.INT8,
    "uint8": TensorProto.UINT8,
    "int16": TensorProto.INT16,
    "uint16": TensorProto.UINT16,
    "int32": TensorProto.INT32,
    "uint32": TensorProto.UINT32,
    "int64": TensorProto.INT64,
    "uint64": TensorProto.UINT64,
    "bool": TensorProto.BOOL,
    "string": TensorProto.STRING,
}


def make() -> None:
    for name, dtype in DTYPES.items():
        write_model(FOLDER / f"identity-{name}.onnx", identity(name, dtype))
    write_model(FOLDER / "bfloat16.onnx", identity("bfloat16", TensorProto.BFLOAT16))
    make_scalar()
    make_add_one()
    make_two_inputs()
    make_mlp_small()
    make_external()
    make_broken()


def identity(name: str, dtype: int) -> onnx.ModelProto:
    return make_model(
        f"identity_{name}",
        [helper.make_node("Identity", ["x"], ["y"])],
        [tensor_type("x", dtype, ["n"])],
        [tensor_type("y", dtype, ["n"])],
    )


def make_scalar() -> None:
    nodes = [
        helper.make_node("Cast", ["factor"], ["factor_float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["x", "factor_float"], ["y"]),
    ]
    inputs = [tensor_type("factor", TensorProto.INT64, []), tensor_type("x", TensorProto.FLOAT, ["n"])]
    write_model(FOLDER / "scalar.onnx", make_model("scalar", nodes, inputs, [tensor_type("y", TensorProto.FLOAT, ["n"])]))


def make_add_one() -> None:
    one = numpy_helper.from_array(np.array(1, np.float32), "one")
    nodes = [helper.make_node("Add", ["x", "one"], ["y"])]
    write_model(FOLDER / "add-one.onnx", make_model("add_one", nodes, [float_rows("x", 4)], [float_rows("y", 4)], [one]))


def make_two_inputs() -> None:
    nodes = [helper.make_node("Add", ["a", "b"], ["sum"]), helper.make_node("Sub", ["a", "b"], ["difference"])]
    inputs = [float_rows("a", 4), float_rows("b", 4)]
    write_model(FOLDER / "two-inputs.onnx", make_model("two_inputs", nodes, inputs, [float_rows("sum", 4), float_rows("difference", 4)]))


def drawn(seed: int, *shape: int) -> np.ndarray:
    # Two decimals: exact in the committed JSON, and a person can follow the sums.
    return np.round(np.random.default_rng(seed).normal(0, 0.5, shape), 2).astype(np.float32)


def make_mlp_small() -> None:
    weights = {"w1": drawn(1, 4, 16), "b1": drawn(2, 16), "w2": drawn(3, 16, 3), "b2": drawn(4, 3)}
    nodes = [
        helper.make_node("Gemm", ["x", "w1", "b1"], ["z1"]),
        helper.make_node("Relu", ["z1"], ["h1"]),
        helper.make_node("Gemm", ["h1", "w2", "b2"], ["z2"]),
        helper.make_node("Softmax", ["z2"], ["y"], axis=-1),
    ]
    model = make_model(
        "mlp_small",
        nodes,
        [float_rows("x", 4)],
        [float_rows("y", 3)],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
        {"author": "bento-ts", "task": "classification"},
    )
    model.doc_string = "A 4-16-3 perceptron with a softmax, for tests and benchmarks"
    model.model_version = 3
    write_model(FOLDER / "mlp-small.onnx", model)

    x = drawn(5, 8, 4) * 4
    wide = {name: array.astype(np.float64) for name, array in weights.items()}
    logits = np.maximum(x @ wide["w1"] + wide["b1"], 0) @ wide["w2"] + wide["b2"]
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    write_golden("mlp-small", {"x": x}, {"y": powers / powers.sum(axis=1, keepdims=True)})


def make_external() -> None:
    w, b = drawn(6, 4, 3), drawn(7, 3)
    model = make_model(
        "external",
        [helper.make_node("Gemm", ["x", "w", "b"], ["y"])],
        [float_rows("x", 4)],
        [float_rows("y", 3)],
        [numpy_helper.from_array(w, "w"), numpy_helper.from_array(b, "b")],
    )
    # onnx appends to a data file that exists.
    (FOLDER / "external.onnx.data").unlink(missing_ok=True)
    onnx.save_model(model, FOLDER / "external.onnx", save_as_external_data=True, location="external.onnx.data", size_threshold=0)
    print(f"        {(FOLDER / 'external.onnx').relative_to(ROOT)} and .data")

    x = drawn(8, 5, 4) * 4
    write_golden("external", {"x": x}, {"y": x.astype(np.float64) @ w + b})


def make_broken() -> None:
    whole = (FOLDER / "mlp-small.onnx").read_bytes()
    write_bytes(FOLDER / "broken.onnx", whole[: len(whole) // 2])


def write_golden(name: str, inputs: dict, outputs: dict) -> None:
    """Writes NAME.in.json and NAME.out.json in the form of the native route: {"tensor": nested arrays}."""
    write_json(FOLDER / f"{name}.in.json", {key: rounded(array) for key, array in inputs.items()})
    write_json(FOLDER / f"{name}.out.json", {key: rounded(array, 9) for key, array in outputs.items()})


def rounded(array: np.ndarray, digits: int = 4) -> list:
    # Through float64, so that the float32 value 0.26 is written as 0.26.
    return np.round(array.astype(np.float64), digits).tolist()
