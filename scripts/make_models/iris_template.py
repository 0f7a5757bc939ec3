"""The model that `bento-ts init --template tabular` writes, with its golden examples."""

import numpy as np
import onnx
from onnx import helper
from skl2onnx import to_onnx
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from .files import OPSET, ROOT, write_json, write_model
from .sklearn_models import run

TEMPLATE = ROOT / "packages" / "cli" / "templates" / "tabular"
COLUMNS = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
SEED = 42


def make() -> None:
    data = load_iris()
    x, species = data.data.astype(np.float32), data.target
    train, held_out = train_test_split(np.arange(len(x)), test_size=0.2, random_state=SEED, stratify=species)
    classifier = LogisticRegression(max_iter=1000).fit(x[train], species[train])
    model = convert(classifier, x[:1])
    write_model(TEMPLATE / "models" / "iris.onnx", model)

    # Two flowers of each kind, none of them in the training rows.
    rows = np.concatenate([held_out[species[held_out] == kind][:2] for kind in range(3)])
    records = [dict(zip(COLUMNS, (round(float(value), 1) for value in row))) for row in x[rows]]
    labels, chances = classifier.predict(x[rows]), classifier.predict_proba(x[rows])
    answers = [
        {"species": str(data.target_names[label]), "probability": float(chance[label])}
        for label, chance in zip(labels, chances)
    ]
    write_json(TEMPLATE / "examples" / "flowers.json", {"flowers": records}, indent=2)
    write_json(TEMPLATE / "examples" / "flowers.out.json", answers, indent=2)

    label, probabilities = run(model, {"X": x})
    largest = np.abs(probabilities - classifier.predict_proba(x)).max()
    assert (label == classifier.predict(x)).all()
    print(f"        accuracy on held-out rows {classifier.score(x[held_out], species[held_out]):.3f}; largest difference ONNX Runtime to scikit-learn over 150 rows: {largest:.1e}")


def convert(classifier: LogisticRegression, sample: np.ndarray) -> onnx.ModelProto:
    # Without ZipMap the probabilities are one tensor [N, 3] rather than a list of maps.
    model = to_onnx(classifier, sample, target_opset={"": OPSET, "ai.onnx.ml": 3}, options={"zipmap": False})
    opsets = {entry.domain: entry.version for entry in model.opset_import}
    del model.opset_import[:]
    model.opset_import.extend(helper.make_opsetid(domain, version) for domain, version in sorted(opsets.items()))
    onnx.checker.check_model(model)
    return model
