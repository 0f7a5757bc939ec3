# The small model as BentoML's documentation advises: "Services" and "Input and output types" (docs.bentoml.com). "Defaults" is a method without async and
# nothing set; "Tuned" is async, with access log and metrics off, as "Configurations", "Logging" and "Metrics" tell. BentoML runs on uvloop where that is installed.
import os
from typing import Annotated

import bentoml
import numpy as np
import onnxruntime
from bentoml.validators import DType, Shape

Rows = Annotated[np.ndarray, DType("float32"), Shape((-1, 4))]


def open_session() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])


@bentoml.service
class Defaults:
    def __init__(self) -> None:
        self.session = open_session()

    @bentoml.api
    def predict(self, x: Rows) -> np.ndarray:
        return self.session.run(["y"], {"x": x})[0]


@bentoml.service(workers=1, metrics={"enabled": False}, logging={"access": {"enabled": False}})
class Tuned:
    def __init__(self) -> None:
        self.session = open_session()

    @bentoml.api
    async def predict(self, x: Rows) -> np.ndarray:
        return self.session.run(["y"], {"x": x})[0]
