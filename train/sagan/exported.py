"""Exported generators, as the gallery reads them: to draw with, and to ask about themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from train.training import TrainingError


def open_session(path: Path) -> ort.InferenceSession:
    """The file in ONNX Runtime on the CPU."""
    options = ort.SessionOptions()
    options.log_severity_level = 3  # a warning comes for every input that has a default
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def open_generator(path: Path) -> tuple[ort.InferenceSession, dict[str, Any]]:
    """The file, and its own description. Raises TrainingError where there is none."""
    if not path.is_file():
        raise TrainingError(f"There is no model at {path}: export one with python -m train.sagan.export.")
    session = open_session(path)
    return session, json.loads(session.get_modelmeta().custom_metadata_map["sagan"])


def pictures_of(images: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(N, 3, H, W) in -1..1 to (N, H, W, 3) uint8 RGB."""
    return np.clip((images + 1) * 127.5 + 0.5, 0, 255).astype(np.uint8).transpose(0, 2, 3, 1)
