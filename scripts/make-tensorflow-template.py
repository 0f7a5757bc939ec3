#!/usr/bin/env python3
"""Makes the SavedModel that `bento-ts init --template tensorflow` writes, with its golden examples.

    python3.11 -m venv /tmp/make-tensorflow-models
    /tmp/make-tensorflow-models/bin/pip install -r scripts/make-tensorflow-models.requirements.txt
    /tmp/make-tensorflow-models/bin/python scripts/make-tensorflow-template.py

The answers are those of TensorFlow for Python. Nobody has to run it to build, test or use the project: what it makes is committed.
"""

import json
import os
import shutil
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from sklearn.datasets import load_digits  # noqa: E402
from sklearn.model_selection import train_test_split  # noqa: E402

TEMPLATE = Path(__file__).parent.parent / "packages" / "cli" / "templates" / "tensorflow"
SEED = 42
HIDDEN = 32


class Digits(tf.Module):
    """8 × 8 pixels from 0 to 16 → 32 with ReLU → chances of the ten digits."""

    def __init__(self):
        super().__init__()
        chance = np.random.default_rng(SEED)
        self.w1 = tf.Variable((chance.normal(size=(64, HIDDEN)) / 8).astype(np.float32))
        self.b1 = tf.Variable(np.zeros(HIDDEN, np.float32))
        self.w2 = tf.Variable((chance.normal(size=(HIDDEN, 10)) / 6).astype(np.float32))
        self.b2 = tf.Variable(np.zeros(10, np.float32))

    def logits(self, pixels):
        flat = tf.reshape(pixels, [-1, 64]) / 16.0
        return tf.nn.relu(flat @ self.w1 + self.b1) @ self.w2 + self.b2

    @tf.function(input_signature=[tf.TensorSpec([None, 8, 8], tf.float32, name="pixels")])
    def predict(self, pixels):
        return {"probabilities": tf.nn.softmax(self.logits(pixels))}


def main():
    data = load_digits()
    pixels, digits = data.images.astype(np.float32), data.target
    train, held_out = train_test_split(np.arange(len(pixels)), test_size=0.2, random_state=SEED, stratify=digits)
    model = Digits()
    variables = [model.w1, model.b1, model.w2, model.b2]
    optimizer = tf.keras.optimizers.Adam(0.01)
    for _ in range(200):
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(digits[train], model.logits(pixels[train]))
            loss = tf.reduce_mean(losses)
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))

    saved = TEMPLATE / "models" / "digits"
    shutil.rmtree(saved, ignore_errors=True)
    tf.saved_model.save(model, str(saved), signatures={"serving_default": model.predict})

    # One image of each digit, none of them in the training rows.
    rows = [held_out[digits[held_out] == digit][0] for digit in range(10)]
    chances = model.predict(pixels[rows])["probabilities"].numpy()
    answers = [{"digit": int(row.argmax()), "probability": float(row.max())} for row in chances]
    (TEMPLATE / "examples").mkdir(exist_ok=True)
    write_json("digits.json", pixels[rows].astype(int).tolist())
    write_json("digits.out.json", answers)
    right = model.predict(pixels[held_out])["probabilities"].numpy().argmax(1) == digits[held_out]
    print(f"{right.mean():.3f} of the held-out images are told right")


def write_json(name, value):
    rows = ",\n".join(" " + json.dumps(row) for row in value)
    (TEMPLATE / "examples" / name).write_text(f"[\n{rows}\n]\n")


if __name__ == "__main__":
    main()
