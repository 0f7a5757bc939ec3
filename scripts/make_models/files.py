"""Where fixtures are written, and in which form."""

import json
from pathlib import Path

import onnx
from onnx import TensorProto, helper

ROOT = Path(__file__).resolve().parents[2]

# Opset 21 with IR 10 is read by every onnxruntime since 1.20.
OPSET = 21
IR_VERSION = 10

# The committed files are copied by every clone.
MAX_BYTES = 1_000_000


def tensor_type(name: str, dtype: int, shape: list) -> onnx.ValueInfoProto:
    """Describes one input or output; a string in shape names a free dimension, [] is a scalar."""
    return helper.make_tensor_value_info(name, dtype, shape)


def float_rows(name: str, columns: int) -> onnx.ValueInfoProto:
    """Describes float32 [N, columns] with N free."""
    return tensor_type(name, TensorProto.FLOAT, ["N", columns])


def make_model(name: str, nodes: list, inputs: list, outputs: list, weights: list = (), metadata: dict | None = None) -> onnx.ModelProto:
    """Builds a model that onnx.checker accepts."""
    graph = helper.make_graph(nodes, name, inputs, outputs, list(weights))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="bento-ts-fixtures")
    if metadata:
        helper.set_model_props(model, metadata)
    onnx.checker.check_model(model, full_check=True)
    return model


def write_bytes(path: Path, data: bytes) -> None:
    """Writes one fixture and prints its size; refuses what is too large to commit."""
    if len(data) > MAX_BYTES:
        raise SystemExit(f"{path.relative_to(ROOT)}: {len(data)} bytes, at most {MAX_BYTES} may be committed")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    print(f"{len(data):>7} {path.relative_to(ROOT)}")


def write_model(path: Path, model: onnx.ModelProto) -> None:
    """Writes the model; the same model gives the same bytes."""
    write_bytes(path, model.SerializeToString(deterministic=True))


def write_json(path: Path, value: object, indent: int | None = None) -> None:
    """Writes JSON with one closing newline; non-finite numbers are an error."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    write_bytes(path, (text + "\n").encode())
