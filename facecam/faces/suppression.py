"""Greedy non-maximum suppression in compiled code: the operator of ONNX Runtime, which reads numpy arrays as they are.

200 faces leave about 1,400 candidates: this takes a third of the time of OpenCV's function, which needs most of its
time to read its arguments.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from facecam.runtimes.onnx_runtime import open_session

GRAPH = base64.b64decode(
    "CAk6twEKMwoFYm94ZXMKBnNjb3JlcwoEbW9zdAoDaW91EgRrZXB0IhFOb25NYXhTdXBwcmVzc2lvbhIDbm1zWhwKBWJveGVzEhMKEQgBEg0KAg"
    "gBCgMSAU4KAggEWh0KBnNjb3JlcxITChEIARINCgIIAQoCCAEKAxIBTloSCgRtb3N0EgoKCAgHEgQKAggBWhEKA2lvdRIKCggIARIECgIIAWIX"
    "CgRrZXB0Eg8KDQgHEgkKAxIBSwoCCANCBAoAEBE="
)
"""An ONNX model of one node, NonMaxSuppression: boxes (1, N, 4), scores (1, 1, N), most (1,) int64 and iou (1,) give
rows of batch, class and index. A test holds it against the graph that it stands for."""


def suppress(boxes: npt.NDArray[Any], scores: npt.NDArray[Any], iou: float, limit: int) -> npt.NDArray[np.intp]:
    """Indices of the boxes that stay, best first, at most `limit`. Of equal scores the first one counts as better.

    boxes: (N, 4) x1 y1 x2 y2; scores: (N,); iou: in 0..1, of two boxes that overlap by more the better one stays.
    """
    inputs = {
        "boxes": np.asarray(boxes, np.float32)[None],
        "scores": np.asarray(scores, np.float32)[None, None],
        "most": np.array([limit], np.int64),
        "iou": np.array([iou], np.float32),
    }
    return np.asarray(_session().run(["kept"], inputs)[0][:, 2], np.intp)


@lru_cache(maxsize=1)
def _session() -> Any:
    return open_session(GRAPH)
