#!/usr/bin/env python3
"""Makes the committed SavedModels and what TensorFlow for Python answers with them.

    python3.11 -m venv /tmp/make-tensorflow-models
    /tmp/make-tensorflow-models/bin/pip install -r scripts/make-tensorflow-models.requirements.txt
    /tmp/make-tensorflow-models/bin/python scripts/make-tensorflow-models.py

A run of its own beside make-models.py: TensorFlow 2.15 wants older packages than the makers of ONNX do. Nobody has to run it to build, test or
use the project: what it makes is committed.
"""

import json
import os
import shutil
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

MODELS = Path(__file__).parent.parent / "test" / "models" / "tensorflow"
TEXTS = ["", "red", "größer", "a text that is longer than twenty-two bytes", "nul\0inside"]


class Mlp(tf.Module):
    """4 → 8 → 3 with ReLU and softmax; weights from a fixed seed."""

    def __init__(self):
        super().__init__()
        chance = np.random.default_rng(7)
        self.w1 = tf.Variable(chance.normal(size=(4, 8)).astype(np.float32))
        self.b1 = tf.Variable(chance.normal(size=(8,)).astype(np.float32))
        self.w2 = tf.Variable(chance.normal(size=(8, 3)).astype(np.float32))
        self.b2 = tf.Variable(chance.normal(size=(3,)).astype(np.float32))

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])
    def predict(self, x):
        hidden = tf.nn.relu(x @ self.w1 + self.b1)
        return {"probabilities": tf.nn.softmax(hidden @ self.w2 + self.b2)}


class Kinds(tf.Module):
    """A signature for each kind of element, one of several inputs and outputs, one that looks texts up, one that a caller's data can make fail."""

    def __init__(self):
        super().__init__()
        keys = tf.constant(["red", "green", "größer"])
        values = tf.constant([1, 2, -9_007_199_254_740_993], tf.int64)
        table = tf.lookup.KeyValueTensorInitializer(keys, values)
        self.table = tf.lookup.StaticHashTable(table, default_value=-1)


def spec(dtype, name="x", shape=(None,)):
    return tf.TensorSpec(shape, dtype, name=name)


def same(dtype):
    """A copy that the graph makes: an identity alone would be optimised away."""
    return tf.function(lambda x: {"y": tf.concat([x, x], 0)}, input_signature=[spec(dtype)])


KINDS = ["float32", "float64", "float16", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "bool", "string"]


def main():
    shutil.rmtree(MODELS, ignore_errors=True)
    mlp = Mlp()
    tf.saved_model.save(mlp, str(MODELS / "mlp"), signatures={"serving_default": mlp.predict})
    x = np.random.default_rng(11).normal(size=(5, 4)).astype(np.float32)
    golden("mlp", [call("serving_default", {"x": x}, mlp.predict(x))])

    kinds = Kinds()
    two = tf.function(
        lambda a, b: {"sum": a + b, "product": a * b},
        input_signature=[spec(tf.float32, "a", (None, 2)), spec(tf.float32, "b", (None, 2))],
    )
    lookup = tf.function(lambda text: {"id": kinds.table.lookup(text)}, input_signature=[spec(tf.string, "text")])
    pick = tf.function(
        lambda x, at: {"y": tf.gather(x, at)},
        input_signature=[spec(tf.float32), spec(tf.int64, "at")],
    )
    scalar = tf.function(lambda x: {"y": x + tf.constant(1, tf.int64)}, input_signature=[spec(tf.int64, "x", ())])
    signatures = {
        "two": two,
        "lookup": lookup,
        "pick": pick,
        "scalar": scalar,
        **{name: same(tf.as_dtype(name)) for name in KINDS},
    }
    tf.saved_model.save(kinds, str(MODELS / "kinds"), signatures=signatures)
    a = np.array([[1, 2], [3, -4]], np.float32)
    b = np.array([[0.5, 0.25], [-1, 8]], np.float32)
    texts = np.array(TEXTS + ["green"], object)
    ends = {
        "float16": [0.1, -65504, 6e-8],
        "bool": [True, False, True],
        "string": TEXTS,
    }
    golden(
        "kinds",
        [
            call("two", {"a": a, "b": b}, two(a, b)),
            call("lookup", {"text": texts}, lookup(tf.constant(list(texts)))),
            call("pick", {"x": np.array([5, 6, 7], np.float32), "at": np.array([2, 0], np.int64)}, pick([5.0, 6.0, 7.0], [2, 0])),
            call("scalar", {"x": np.array(-9_007_199_254_740_993, np.int64)}, scalar(-9_007_199_254_740_993)),
            *[kind_call(name, ends.get(name), signatures[name]) for name in KINDS],
        ],
    )


def kind_call(name, values, function):
    if name == "string":
        return call(name, {"x": np.array(values, object)}, function(tf.constant(values)))
    dtype = tf.as_dtype(name).as_numpy_dtype
    if values is None:
        values = [0.1, -1.5, np.finfo(dtype).max] if name.startswith("float") else [np.iinfo(dtype).min, np.iinfo(dtype).max, 3]
    x = np.array(values, dtype)
    return call(name, {"x": x}, function(x))


def call(signature, feeds, results):
    return {
        "signature": signature,
        "feeds": {name: tensor(value) for name, value in feeds.items()},
        "results": {name: tensor(value.numpy()) for name, value in results.items()},
    }


def tensor(value):
    """Numbers as text in decimal or, for floats, their shortest text that reads back: JSON has no int64."""
    array = np.asarray(value)
    dtype = "string" if array.dtype == object else str(array.dtype)
    flat = array.reshape(-1).tolist()
    data = [text(item) for item in flat]
    return {"dtype": dtype, "shape": list(array.shape), "data": data}


def text(item):
    if isinstance(item, bytes):
        return item.decode()
    if isinstance(item, bool):
        return "1" if item else "0"
    return item if isinstance(item, str) else repr(item)


def golden(name, calls):
    path = MODELS / f"{name}.golden.json"
    path.write_text(json.dumps(calls, indent=1, ensure_ascii=False) + "\n")
    print(f"{name}: {sum(f.stat().st_size for f in (MODELS / name).rglob('*') if f.is_file())} bytes")


if __name__ == "__main__":
    main()
