"""Networks as ONNX graphs that compute fast: exact rewritings in float32, and int8 for each runtime."""
