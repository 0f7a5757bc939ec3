"""Calls a server as the kserve client does (V1 and V2 over REST, V2 over gRPC) and prints what it got as one JSON object.

Arguments: base URL, gRPC host:port, model, input file {"x": rows}.
"""

import asyncio
import json
import sys

import numpy as np
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest
from kserve.inference_client import RESTConfig

url, address, model, input_file = sys.argv[1:]
rows = json.load(open(input_file))["x"]


def request(binary):
    x = InferInput(name="x", shape=[len(rows), 4], datatype="FP32")
    x.set_data_from_numpy(np.array(rows, dtype=np.float32), binary_data=binary)
    return InferRequest(model_name=model, infer_inputs=[x], request_id="call-9")


async def error_of(call):
    try:
        await call
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def y_of(response):
    return response.outputs[0].as_numpy().tolist()


async def main():
    v2 = InferenceRESTClient(RESTConfig(protocol="v2", timeout=20))
    v1 = InferenceRESTClient(RESTConfig(protocol="v1", timeout=20))
    grpc = InferenceGRPCClient(url=address, timeout=20)
    print(
        json.dumps(
            {
                "v2 live": await v2.is_server_live(url),
                "v2 ready": await v2.is_server_ready(url),
                "v2 model ready": await v2.is_model_ready(url, model_name=model),
                "v2 json": y_of(await v2.infer(url, request(False), model_name=model)),
                "v2 binary": y_of(await v2.infer(url, request(True), model_name=model)),
                "v1 model ready": await v1.is_model_ready(url, model_name=model),
                "v1": (await v1.infer(url, {"instances": rows}, model_name=model))["predictions"],
                "grpc live": await grpc.is_server_live(),
                "grpc ready": await grpc.is_server_ready(),
                "grpc model ready": await grpc.is_model_ready(model_name=model),
                "grpc raw": y_of(await grpc.infer(request(True))),
                "grpc typed": y_of(await grpc.infer(request(False))),
                "v2 unknown model": await error_of(v2.infer(url, request(False), model_name="nobody")),
                "v1 unknown model": await error_of(v1.infer(url, {"instances": rows}, model_name="nobody")),
            }
        )
    )
    await grpc.close()


asyncio.run(main())
