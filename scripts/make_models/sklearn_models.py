"""Models that scikit-learn trained: the Boston forest of examples/boston and the ZipMap classifier of test/models."""

import csv
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import helper
from skl2onnx import to_onnx
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from .files import OPSET, ROOT, write_json, write_model

BOSTON = ROOT / "examples" / "boston"

# The data set left scikit-learn with 1.2; the last wheel that carries it is unpacked, not installed.
DATA_WHEEL = "scikit-learn==1.1.3"
DATA_PATH = "sklearn/datasets/data/boston_house_prices.csv"
DATA_SHA256 = "d98212636026544fc9b9c0f372e5f819872e6fa6fa757ab025efdda22180f2d6"

# 60 trees with leaves of two: 480 kB at R2 0.88; 100 full trees take 1.8 MB for R2 0.89.
TREES = 60
LEAF_ROWS = 2
SEED = 42


def make() -> None:
    make_boston()
    make_zipmap()


def make_boston() -> None:
    columns, table = read_boston()
    x, price = table[:, :13], table[:, 13]
    # The model takes float32, so the trees grow on what a caller can send.
    train, held_out = train_test_split(np.arange(len(table)), test_size=0.2, random_state=SEED)
    forest = RandomForestRegressor(n_estimators=TREES, min_samples_leaf=LEAF_ROWS, random_state=SEED, n_jobs=1)
    forest.fit(x[train].astype(np.float32), price[train])
    model = convert(forest, x[:1].astype(np.float32), {})
    write_model(BOSTON / "models" / "bos_rf.onnx", model)

    for count in (10, 100):
        rows = x[held_out[:count]]
        records = [dict(zip(columns, map(plain, row))) for row in rows]
        write_json(BOSTON / "examples" / f"boston{count}.json", {"df": records})
        write_json(BOSTON / "examples" / f"boston{count}.out.json", forest.predict(rows.astype(np.float32)).tolist())

    onnx_says = run(model, {"X": x.astype(np.float32)})[0][:, 0]
    largest = np.abs(onnx_says - forest.predict(x.astype(np.float32))).max()
    print(f"        R2 on held-out rows {forest.score(x[held_out], price[held_out]):.3f}; largest difference ONNX Runtime to scikit-learn over 506 rows: {largest:.1e}")


def plain(value: float) -> float | int:
    """Writes 18.0 as 18, the way the data set does."""
    return int(value) if value.is_integer() else float(value)


def read_boston() -> tuple[list[str], np.ndarray]:
    """Returns the 13 column names and float64 [506, 14], the price last."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]
            + ["--platform", "manylinux_2_17_x86_64", "--python-version", "3.11", "--dest", folder, DATA_WHEEL],
            check=True,
        )
        data = zipfile.ZipFile(next(Path(folder).glob("*.whl"))).read(DATA_PATH)
    if hashlib.sha256(data).hexdigest() != DATA_SHA256:
        raise SystemExit(f"{DATA_PATH} of {DATA_WHEEL} is not the expected file (sha256 differs)")
    _size, header, *rows = csv.reader(io.StringIO(data.decode()))
    return header[:13], np.array(rows, np.float64)


def make_zipmap() -> None:
    x, species = load_iris(return_X_y=True)
    x = x.astype(np.float32)
    classifier = LogisticRegression(max_iter=1000).fit(x, species)
    # ZipMap is the converter's default for classifiers: the second output is a list of maps, not a tensor.
    # The converter uses the two public names inside the graph, so those move out of the way.
    names = {"output_label": "label", "label": "label_inside", "output_probability": "probabilities", "probabilities": "probabilities_inside"}
    model = convert(classifier, x[:1], names)
    folder = ROOT / "test" / "models"
    write_model(folder / "zipmap.onnx", model)

    rows = x[::15]
    write_json(folder / "zipmap.in.json", {"X": np.round(rows.astype(np.float64), 4).tolist()})
    write_json(folder / "zipmap.out.json", {"label": classifier.predict(rows).tolist()})
    assert run(model, {"X": rows})[0].tolist() == classifier.predict(rows).tolist()


def convert(estimator: object, sample: np.ndarray, names: dict[str, str]) -> onnx.ModelProto:
    model = to_onnx(estimator, sample, target_opset={"": OPSET, "ai.onnx.ml": 3})
    # The converter writes the default opset twice.
    opsets = {entry.domain: entry.version for entry in model.opset_import}
    del model.opset_import[:]
    model.opset_import.extend(helper.make_opsetid(domain, version) for domain, version in sorted(opsets.items()))
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for output in model.graph.output:
        output.name = names.get(output.name, output.name)
    onnx.checker.check_model(model)
    return model


def run(model: onnx.ModelProto, feeds: dict) -> list:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options).run(None, feeds)
