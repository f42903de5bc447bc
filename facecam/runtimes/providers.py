"""ONNX Runtime's other providers: graphics cards and accelerators that a user's ONNX Runtime may have."""

from __future__ import annotations

CPU = "cpu"
NAMES = {
    CPU: "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "migraphx": "MIGraphXExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "webgpu": "WebGpuExecutionProvider",
}
"""Ours and ONNX Runtime's names."""
GETS = {
    "cuda": "NVIDIA cards need `pip install onnxruntime-gpu` in place of onnxruntime, with CUDA and cuDNN",
    "tensorrt": "NVIDIA cards need `pip install onnxruntime-gpu` in place of onnxruntime, with TensorRT",
    "migraphx": "AMD cards need AMD's `onnxruntime-migraphx` in place of onnxruntime, with ROCm",
    "directml": "Windows needs `pip install onnxruntime-directml` in place of onnxruntime",
    "coreml": "it comes with onnxruntime on macOS only",
    "webgpu": "it needs an onnxruntime that was built with WebGPU",
}
"""How to get one that is missing."""
