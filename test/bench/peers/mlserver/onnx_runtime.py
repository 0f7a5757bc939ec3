# The small model as MLServer's documentation advises: "Custom Inference Runtimes" (docs.seldon.ai/mlserver). Its inference pool has one process, which is the
# default ("Parallel Inference").
import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse
from mlserver.utils import get_model_uri


class OnnxModel(MLModel):
    async def load(self) -> bool:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        uri = await get_model_uri(self._settings)
        self.session = onnxruntime.InferenceSession(uri, options, providers=["CPUExecutionProvider"])
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        x = self.decode(payload.inputs[0], default_codec=NumpyCodec)
        (y,) = self.session.run(["y"], {"x": x})
        return InferenceResponse(
            id=payload.id, model_name=self.name, model_version=self.version, outputs=[NumpyCodec.encode_output("y", y)]
        )
