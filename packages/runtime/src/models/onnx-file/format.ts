/** How messages call a file of this format. */
export const ONNX_FORMAT = "ONNX model";
