"""Calls a server as tritonclient's HTTP client does and prints what it got as one JSON object.

Arguments: host:port, model, input file {"x": rows}.
"""

import json
import sys

import numpy as np
import tritonclient.http as triton

address, model, input_file = sys.argv[1:]
client = triton.InferenceServerClient(address)
rows = np.array(json.load(open(input_file))["x"], dtype=np.float32)


def infer(binary_in, binary_out, compression=None):
    x = triton.InferInput("x", list(rows.shape), "FP32")
    x.set_data_from_numpy(rows, binary_data=binary_in)
    wanted = None if binary_out is None else [triton.InferRequestedOutput("y", binary_data=binary_out)]
    result = client.infer(
        model,
        [x],
        outputs=wanted,
        request_id="call-7",
        request_compression_algorithm=compression,
        response_compression_algorithm=compression,
    )
    return {"y": result.as_numpy("y").tolist(), "id": result.get_response()["id"]}


def error_of(call):
    try:
        call()
    except triton.InferenceServerException as error:
        return {"status": error.status(), "message": error.message()}
    return None


def wrong_shape():
    x = triton.InferInput("x", [1, 3], "FP32")
    x.set_data_from_numpy(np.zeros((1, 3), dtype=np.float32))
    return client.infer(model, [x])


metadata = client.get_model_metadata(model)
before = client.get_inference_statistics(model)["model_stats"][0]["inference_stats"]["success"]["count"]
answers = {
    "json": infer(False, False),
    "binary": infer(True, True),
    "mixed": infer(False, True),
    "default outputs": infer(True, None),
    "gzip": infer(True, True, "gzip"),
    "deflate": infer(False, False, "deflate"),
}
after = client.get_inference_statistics(model)["model_stats"][0]["inference_stats"]["success"]["count"]
print(
    json.dumps(
        {
            "live": client.is_server_live(),
            "ready": client.is_server_ready(),
            "model ready": client.is_model_ready(model),
            "unknown model ready": client.is_model_ready("nobody"),
            "server": client.get_server_metadata(),
            "inputs": metadata["inputs"],
            "outputs": metadata["outputs"],
            "config": client.get_model_config(model),
            "answers": answers,
            "counted": int(after) - int(before),
            "unknown model": error_of(lambda: client.get_model_metadata("nobody")),
            "wrong shape": error_of(wrong_shape),
        }
    )
)
