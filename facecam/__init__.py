"""Live face detection on one CPU core: FaceBoxes, its pipeline and its window.

from facecam import FaceDetector

faces = FaceDetector().detect(frame)  # (H, W, 3) uint8 BGR
"""

import os
from typing import TYPE_CHECKING

from facecam.system.lazy import lazy_names

if TYPE_CHECKING:
    from facecam.detection.detector import FaceDetector
    from facecam.detection.options import DetectorOptions
    from facecam.errors import FacecamError
    from facecam.faces.boxes import Detections
    from facecam.live.pipeline import Pipeline
    from facecam.sources import open_source
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "Detections": "facecam.faces.boxes",
            "DetectorOptions": "facecam.detection.options",
            "FaceDetector": "facecam.detection.detector",
            "FacecamError": "facecam.errors",
            "Pipeline": "facecam.live.pipeline",
            "open_source": "facecam.sources",
        },
    )

__all__ = [
    "Detections",
    "DetectorOptions",
    "FaceDetector",
    "FacecamError",
    "Pipeline",
    "__version__",
    "open_source",
]
__version__ = "0.1.0"

# ONNX Runtime from 1.29 on reports sessions and models to its makers and leaves an identifier in the cache folder,
# unless this is set before it is loaded.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
