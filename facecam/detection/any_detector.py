"""Any detector by its options: ours, or a third party's."""

from __future__ import annotations

import numpy as np

from facecam.detection.detector import FaceDetector
from facecam.detection.model import find_model
from facecam.detection.options import DetectorOptions
from facecam.detection.third_party import ThirdPartyDetector, recognise
from facecam.errors import ModelError
from facecam.system.resources import shipped_models

AnyDetector = FaceDetector | ThirdPartyDetector


def open_detector(options: DetectorOptions) -> AnyDetector:
    """A shipped model by name, or an ONNX file of ours, of Ultra-Light or of YuNet. Raises ModelError.

    options: of a third party's file only `model` and `threshold` count.
    """
    model = find_model(options.model)
    kind = None if options.model is None or str(options.model) in shipped_models() else recognise(model)
    if kind is None:
        return FaceDetector(options)
    detector = kind(model, options.threshold)
    try:
        detector.detect(np.zeros((480, 640, 3), np.uint8))
    except Exception as error:
        raise ModelError(f"{model} can be opened, but it finds no faces: {error}") from error
    return detector
