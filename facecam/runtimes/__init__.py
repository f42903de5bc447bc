"""What computes a network: ONNX Runtime and OpenVINO, the trial of which is faster, and the checks of model files.

Knows nothing of faces.
"""
