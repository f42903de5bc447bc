"""ONNX Runtime's other providers: graphics cards and accelerators that a user's ONNX Runtime may have."""

from __future__ import annotations

import onnxruntime

from facecam.errors import FacecamError

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


def available() -> list[str]:
    """Our names of the providers that this ONNX Runtime was built with; whether they work is found out when used."""
    built = set(onnxruntime.get_available_providers())
    return [name for name, theirs in NAMES.items() if theirs in built]


def check_provider(name: str) -> str:
    """ONNX Runtime's name of a provider of ours. Raises FacecamError that says what to install."""
    if name not in NAMES:
        raise FacecamError(f"There is no provider {name}; there are {', '.join(NAMES)}.")
    if name not in available():
        raise FacecamError(f"This ONNX Runtime has no provider {name}: {GETS[name]}.")
    return NAMES[name]
