"""What a detector is measured on: frames with a known number of faces pasted in, and a known number of faces found.

A frame with 200 faces holds faces so small that a network finds few of them. To see what 200 found faces cost, the
network runs as ever, and then its scores are replaced by ones that pass at 200 places, each with its neighbours, as a
real face has.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from facecam.arrays import Array, Image
from facecam.bench.measure import Benchmark
from facecam.bench.result import Labels
from facecam.detection.any_detector import AnyDetector
from facecam.detection.detector import FaceDetector, Timings
from facecam.detection.frame_plan import FramePlan
from facecam.faces.boxes import decode, nms, pairwise_iou
from facecam.runtimes.engine import Precision
from facecam.sources.photo import read_picture
from facecam.system.opencv import cv2
from facecam.system.resources import asset, shipped_hashes

_PORTRAITS = {"demo/hopper.jpg": (150, 110, 382, 342), "demo/collins.jpg": (160, 48, 291, 179)}
"""Of each portrait, the part that is pasted (x1, y1, x2, y2): the face with little around it."""
_LARGEST_PX = 160
_MAX_NEIGHBOURS = 6
_ACCURACY = "AP on WIDER_val"


def detector_benchmark(detector: AnyDetector, frame: Image, faces: int) -> Benchmark:
    """A detector on one frame with so many faces, again and again, at the frame's own size: make it with size=None."""
    ours, found = isinstance(detector, FaceDetector), len(detector.detect(frame))
    height, width = frame.shape[:2]
    adds = detector.metadata.get("multiply_adds_vga")
    labels = Labels(
        model=detector.name,
        model_sha256=detector.model_hash,
        own=ours and detector.model_hash not in shipped_hashes(),
        family="facecam" if isinstance(detector, FaceDetector) else detector.family,
        format=detector.metadata.get("format"),
        runtime=detector.runtime,
        precision=detector.engine.precision,
        threads=detector.engine.threads,
        provider=detector.engine.provider,
        width=width,
        height=height,
        faces=faces,
        faces_found=found,
        multiply_adds=adds * width * height / (640 * 480) if isinstance(adds, (int, float)) else None,
        average_precision=None if detector.engine.precision == Precision.BF16 else _average_precision(detector.metrics),
    )

    def call() -> Timings | None:
        detector.detect(frame)
        return detector.timings if ours else None  # others don't tell the parts

    return Benchmark(call, labels)


def _average_precision(metrics: Any) -> float | None:
    """Over all faces of the validation pictures, as an exported file's metrics tell; None where they don't."""
    for name, values in metrics.items() if isinstance(metrics, dict) else ():
        if str(name).startswith(_ACCURACY) and isinstance(values, dict):
            value = values.get("all")
            return round(value, 4) if isinstance(value, float) and 0 <= value <= 1 else None
    return None


def injected_faces_benchmark(detector: AnyDetector, frame: Image, faces: int) -> Benchmark:
    """As `detector_benchmark`, with `faces` faces found in whatever frame; the detector is not to be used otherwise.

    The copying of the scores, some microseconds, is counted as the network's time.
    """
    assert isinstance(detector, FaceDetector)
    detector.detect(frame)
    plan = detector.prepared(*frame.shape[:2])
    network = plan.network
    scores = _scores(plan, faces, network.logits, detector.nms)
    compute = network.infer

    def infer() -> None:
        compute()
        network.scores[:] = scores
        network.offsets[:] = 0

    network.infer = infer  # type: ignore[method-assign]
    return detector_benchmark(detector, frame, faces)


def frame_with_faces(count: int, width: int, height: int) -> Image:
    """(height, width, 3) uint8 BGR: `count` faces in an even grid before a grey, slightly uneven wall.

    200 faces at VGA leave cells of 37 px for faces of 25 px, of which a detector finds but some: what it finds is to be
    told beside what was pasted.
    """
    y, x = np.mgrid[0:height, 0:width]
    wall = (120 + 15 * np.sin(x / 61) + 15 * np.cos(y / 47)).astype(np.uint8)
    frame = np.ascontiguousarray(np.repeat(wall[..., None], 3, axis=2))
    if count <= 0:
        return frame
    columns = min(count, max(1, round(math.sqrt(count * width / height))))
    rows = -(-count // columns)
    cell_x, cell_y = width / columns, height / rows
    side = max(8, min(_LARGEST_PX, int(0.95 * min(cell_x, cell_y))))
    tiles = [cv2.resize(portrait, (side, side), interpolation=cv2.INTER_AREA) for portrait in _portraits()]
    for index in range(count):
        left = int((index % columns + 0.5) * cell_x - side / 2)
        top = int((index // columns + 0.5) * cell_y - side / 2)
        target = frame[max(0, top) : top + side, max(0, left) : left + side]
        target[:] = tiles[index % len(tiles)][: target.shape[0], : target.shape[1]]
    return frame


@lru_cache(maxsize=1)
def _portraits() -> tuple[Image, ...]:
    return tuple(
        np.ascontiguousarray(read_picture(asset(name))[top:bottom, left:right])
        for name, (left, top, right, bottom) in _PORTRAITS.items()
    )


def _scores(plan: FramePlan, faces: int, logits: bool, nms_iou: float) -> Array:
    """(A,) scores that pass at `faces` places that don't overlap, or as many as the anchors allow, and at neighbours of
    theirs that overlap them by more than `nms_iou`, and so go again."""
    low, high = (-20.0, 6.0) if logits else (0.0, 0.99)
    scores = np.full(len(plan.anchors), low, np.float32)
    boxes = decode(np.zeros_like(plan.anchors), plan.anchors)
    smallest = np.flatnonzero(plan.anchors[:, 2] == plan.anchors[:, 2].min())  # there is room for most of them
    chosen = smallest[nms(boxes[smallest], np.ones(len(smallest), np.float32), 0.02)][:faces]
    overlap = pairwise_iou(boxes[chosen], boxes)
    for place, row in zip(chosen, overlap, strict=True):
        near = np.argsort(row)[::-1][1 : 1 + _MAX_NEIGHBOURS]
        near = near[row[near] > nms_iou]
        scores[near] = np.maximum(scores[near], high - 1 if logits else high - 0.1)
        scores[place] = high
    return scores
