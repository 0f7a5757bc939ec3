"""Calls a server as tritonclient's gRPC client does and prints what it got as one JSON object.

Arguments: host:port, model, input file {"x": rows}.
"""

import json
import sys

import numpy as np
import tritonclient.grpc as triton

address, model, input_file = sys.argv[1:]
client = triton.InferenceServerClient(address)
rows = np.array(json.load(open(input_file))["x"], dtype=np.float32)


def infer(data, name="x", wanted=None):
    x = triton.InferInput(name, list(data.shape), "FP32")
    x.set_data_from_numpy(data)
    return client.infer(model, [x], outputs=wanted, request_id="call-8")


def error_of(call):
    try:
        call()
    except triton.InferenceServerException as error:
        return {"status": error.status(), "message": error.message()}
    return None


result = infer(rows)
metadata = client.get_model_metadata(model, as_json=True)
print(
    json.dumps(
        {
            "live": client.is_server_live(),
            "ready": client.is_server_ready(),
            "model ready": client.is_model_ready(model),
            "server": client.get_server_metadata(as_json=True),
            "inputs": metadata["inputs"],
            "outputs": metadata["outputs"],
            "config": client.get_model_config(model, as_json=True)["config"],
            "y": result.as_numpy("y").tolist(),
            "id": result.get_response().id,
            "counted": client.get_inference_statistics(model, as_json=True)["model_stats"][0]["inference_stats"]["success"],
            "unknown model": error_of(lambda: client.get_model_metadata("nobody")),
            "unknown output": error_of(lambda: infer(rows, wanted=[triton.InferRequestedOutput("z")])),
            "wrong name": error_of(lambda: infer(rows, name="X")),
            "wrong shape": error_of(lambda: infer(np.zeros((1, 3), dtype=np.float32))),
        }
    )
)
