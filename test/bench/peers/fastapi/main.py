# The small model by hand: FastAPI, onnxruntime and orjson. What comes is checked by a model of pydantic's; what goes is made by orjson and returned as a
# response, which FastAPI's "Custom Response - HTML, Stream, File, others" tells for those who want the last bit of speed.
import os

import numpy as np
import onnxruntime
import orjson
from fastapi import FastAPI, Response
from pydantic import BaseModel

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])
app = FastAPI()


class Rows(BaseModel):
    x: list[list[float]]


@app.post("/predict")
async def predict(rows: Rows) -> Response:
    (y,) = session.run(["y"], {"x": np.asarray(rows.x, dtype=np.float32)})
    return Response(orjson.dumps({"y": y}, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")
