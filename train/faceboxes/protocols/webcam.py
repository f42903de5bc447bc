"""Behaviour in front of a webcam, frame by frame, before any smoothing and with the program's own tracking.

On real clips of one face: "lost" is the share of frames without a box of IoU > 0.4 with the face, "other" the boxes per
frame elsewhere, and jitter the root mean square of the second difference of the box's centre (and of its width and
height), divided by sqrt(6), in per cent of the face size: for a face at rest, the standard deviation of a coordinate.
The face is a track of detections, median-smoothed over half a second, of the same or of another detector.

On photos: the same measures between copies under synthetic camera motion, whose true motion is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array, Image
from facecam.errors import FacecamError, SourceError
from facecam.faces.boxes import Detections, pairwise_iou
from facecam.faces.tracking import CANDIDATE_SHARE, Tracker, TrackingOptions
from facecam.system.opencv import cv2
from train.faceboxes.protocols.pictures import Detect

SAME_FACE_IOU = 0.4
FPS = 30.0
"""Frames per second of the clips."""
CLIP_SUFFIXES = (".mkv", ".mp4", ".avi", ".mov", ".webm")
SMOOTHING_FRAMES = 15
"""Half a second."""
FLICKER_FRAMES = 2
_MOST_OF_CLIP = 0.75

Clip = tuple[Sequence[Detections], Array]
"""The detections in each frame, down to a low score, and the `reference_track`."""


@dataclass(frozen=True)
class ClipMeasure:
    """frames; lost: share of them, 0..1; other: boxes per frame; jitter in per cent of the face's longer side.

    The jitter is NaN where the face isn't in three frames on end. flickers: how many of the boxes elsewhere came and
    went within two frames; numbers: that the face of a clip has had, the most of all clips; 0 without tracking.
    """

    frames: int
    lost: float
    other: float
    jitter_centre: float
    jitter_size: float
    flickers: int = 0
    numbers: int = 0


def track(detections: Sequence[Detections], threshold: float, options: TrackingOptions) -> list[Detections]:
    """What the window would show of a clip, frame by frame. detections: down to a score well below the threshold."""
    tracker, shown = Tracker(), []
    for index, found in enumerate(detections):
        candidates = found.only(found.scores >= threshold * CANDIDATE_SHARE)
        shown.append(tracker.update(candidates, index / FPS, threshold, options).shown)
    return shown


def clip_files(folder: Path, suffixes: Sequence[str] = CLIP_SUFFIXES) -> list[Path]:
    """The videos of a folder. Raises FacecamError where there are none."""
    files = sorted(file for file in folder.glob("*") if file.suffix.lower() in suffixes)
    if not files:
        raise FacecamError(f"{folder} holds no clips ({', '.join(suffixes)}); give a folder of video files")
    return files


def run_clip(detect: Detect, path: Path) -> list[Detections]:
    """The detections in each frame. Raises SourceError when the clip can't be read."""
    return [detect(frame) for frame in read_clip(path)]


def read_clip(path: Path) -> Iterator[Image]:
    """The frames of a video. Raises SourceError when it can't be read."""
    capture = cv2.VideoCapture(str(path))
    try:
        if not capture.isOpened():
            raise SourceError(f"can't read the clip {path}; give a folder of video files")
        while True:
            there, frame = capture.read()
            if not there:
                return
            yield frame  # type: ignore[misc]
    finally:
        capture.release()


def reference_track(detections: Sequence[Detections], centred: bool = False) -> Array:
    """The face of a clip: (F, 4) float32, x1 y1 x2 y2, the best box of each frame under a running median.

    centred: near the clip's ends the window is as short as keeps the frame in its middle, for faces that move. A row is
    NaN where no frame within the window has a box.
    """
    best = np.full((len(detections), 4), np.nan, np.float32)
    for row, found in enumerate(detections):
        if len(found):
            best[row] = found.boxes[found.scores.argmax()]
    track = np.full_like(best, np.nan)
    for row in range(len(best)):
        half = SMOOTHING_FRAMES // 2
        reach = min(half, row, len(best) - 1 - row) if centred else half
        near = best[max(0, row - reach) : row + reach + 1]
        near = near[~np.isnan(near[:, 0])]
        if len(near):
            track[row] = np.median(near, axis=0)
    return track


def reference_tracks(detections: Sequence[Detections], threshold: float) -> Array:
    """The faces of a clip: (F, N, 4) float32, each as of `reference_track`, of those that are followed through three
    quarters of it: what is a face to the detector now and then, such as a skull on a shirt, is none."""
    followed = track(detections, threshold, TrackingOptions(smoothing=0))
    numbers, frames = np.unique(np.concatenate([_ids(found) for found in followed]), return_counts=True)
    tracks = [
        reference_track([found.only(_ids(found) == number) for found in followed], centred=True)
        for number in numbers[frames >= _MOST_OF_CLIP * len(detections)]
    ]
    return np.stack(tracks, axis=1) if tracks else np.zeros((len(detections), 0, 4), np.float32)


def _ids(found: Detections) -> npt.NDArray[np.intp]:
    return np.zeros(0, np.intp) if found.ids is None else found.ids


def measure_clips(clips: Sequence[Clip], threshold: float) -> ClipMeasure:
    """The measures over all clips together."""
    frames = lost = other = flickers = numbers = 0
    centre_steps, size_steps = [np.zeros((0, 2))], [np.zeros((0, 2))]
    for detections, reference in clips:
        followed = np.full((len(detections), 4), np.nan)
        elsewhere: list[Array] = []
        own_numbers: set[int] = set()
        for row, (found, face) in enumerate(zip(detections, reference, strict=True)):
            found = found if found.ids is not None else found.only(found.scores >= threshold)
            boxes = found.boxes
            iou = pairwise_iou(boxes, face[None])[:, 0] if not np.isnan(face[0]) else np.zeros(len(boxes))
            same = iou > SAME_FACE_IOU
            other += int(np.count_nonzero(~same))
            elsewhere.append(boxes[~same])
            if same.any():
                followed[row] = boxes[iou.argmax()]
                own_numbers |= set() if found.ids is None else {int(found.ids[iou.argmax()])}
        flickers += _short_runs(elsewhere)
        numbers = max(numbers, len(own_numbers))
        frames += len(detections)
        lost += int(np.isnan(followed[:, 0]).sum())
        size = (reference[:, 2:] - reference[:, :2]).max(axis=1)[1:-1, None]
        centre_steps.append(_second_difference((followed[:, :2] + followed[:, 2:]) / 2) / size)
        size_steps.append(_second_difference(followed[:, 2:] - followed[:, :2]) / size)
    return ClipMeasure(
        frames,
        lost / max(frames, 1),
        other / max(frames, 1),
        _jitter(centre_steps),
        _jitter(size_steps),
        flickers,
        numbers,
    )


def _short_runs(frames: Sequence[Array]) -> int:
    """How many things are seen in one or two frames on end only. frames: of each, the boxes (N, 4)."""
    short, before, ages = 0, np.zeros((0, 4), np.float32), np.zeros(0, np.intp)
    for boxes in [*frames, np.zeros((0, 4), np.float32)]:
        same = pairwise_iou(before, boxes) > SAME_FACE_IOU
        short += int(((ages <= FLICKER_FRAMES) & ~same.any(axis=1)).sum())
        ages = 1 + (same * ages[:, None]).max(axis=0, initial=0)
        before = boxes
    return short


@dataclass(frozen=True)
class MotionMeasure:
    """faces: how many were found in the pictures at rest; lost: share of their copies without a box, 0..1.

    other: boxes per copy where there was none at rest. jitter_centre, jitter_size: standard deviation over the copies
    of a coordinate of the box, with the known motion taken out, in per cent of the face's longer side.
    """

    faces: int
    lost: float
    other: float
    jitter_centre: float
    jitter_size: float


def measure_motion(
    detect: Detect, threshold: float, pictures: Iterable[tuple[Image, Array]], copies: int = 8
) -> MotionMeasure:
    """How `detect` answers to small synthetic motions of photos: shift, scale, blur and exposure. pictures: each with
    its faces (M, 4), of which those found in the picture at rest take part; so many copies of each are looked at."""

    def boxes_in(picture: Image) -> Array:
        found = detect(picture)
        return found.boxes[found.scores >= threshold]

    random = np.random.default_rng(0)
    count = lost = other = shown = 0
    centres, sizes = [np.zeros((0, 2))], [np.zeros((0, 2))]
    for image, labelled in pictures:
        at_rest = boxes_in(image)
        faces = [face for face in labelled if _nearest(at_rest, face) is not None]
        seen: list[list[Array]] = [[] for _ in faces]
        for _ in range(copies if faces else 0):
            copy, scale, shift = _moved(image, random)
            boxes = ((boxes_in(copy) - np.tile(shift, 2)) / np.float32(scale)).astype(np.float32)  # as at rest
            shown += 1
            other += int((pairwise_iou(boxes, at_rest) <= SAME_FACE_IOU).all(axis=1).sum())
            for face, row in zip(faces, seen, strict=True):
                box = _nearest(boxes, face)
                row += [] if box is None else [box]
        count += len(faces)
        for face, row in zip(faces, seen, strict=True):
            lost += copies - len(row)
            if len(row) > 1:
                found, side = np.array(row, np.float64), float((face[2:] - face[:2]).max())
                # The mean of n values takes up one of their degrees of freedom.
                unbiased = np.sqrt(len(row) / (len(row) - 1)) / side
                centre, size = (found[:, :2] + found[:, 2:]) / 2, found[:, 2:] - found[:, :2]
                centres.append((centre - centre.mean(axis=0)) * unbiased)
                sizes.append((size - size.mean(axis=0)) * unbiased)
    return MotionMeasure(
        count, lost / max(copies * count, 1), other / max(shown, 1), _per_cent(centres), _per_cent(sizes)
    )


def _nearest(boxes: Array, face: Array) -> Array | None:
    iou = pairwise_iou(boxes, face[None].astype(np.float32))[:, 0]
    return boxes[iou.argmax()] if len(boxes) and iou.max() > SAME_FACE_IOU else None


def _moved(image: Image, random: np.random.Generator) -> tuple[Image, float, Array]:
    """A copy, and the motion: x in the picture is `x * scale + shift` in the copy."""
    scale, shift = float(random.uniform(0.97, 1.03)), random.uniform(-6, 6, 2)
    # OpenCV counts from pixel centres, boxes from pixel edges: half a pixel, scaled, lies between the two.
    move = np.array([[scale, 0, shift[0] + (scale - 1) / 2], [0, scale, shift[1] + (scale - 1) / 2]])
    copy = cv2.warpAffine(image, move, (image.shape[1], image.shape[0]), borderMode=cv2.BORDER_REPLICATE)
    copy = cv2.GaussianBlur(copy, (0, 0), float(random.uniform(0.1, 1.5)))
    copy = cv2.convertScaleAbs(copy, alpha=float(random.uniform(0.7, 1.3)), beta=float(random.uniform(-15, 15)))
    return copy, scale, shift.astype(np.float32)  # type: ignore[return-value]


def _second_difference(values: np.ndarray) -> np.ndarray:
    """(F, 2) -> (max(F - 2, 0), 2); NaN where one of three frames is."""
    return values[2:] - 2 * values[1:-1] + values[:-2]


def _jitter(steps: Sequence[np.ndarray]) -> float:
    # The second difference of independent noise has six times its variance: 1 + 4 + 1.
    return _per_cent(steps) / float(np.sqrt(6))


def _per_cent(parts: Sequence[np.ndarray]) -> float:
    values = np.concatenate(parts)
    values = values[~np.isnan(values[:, 0])]
    return 100 * float(np.sqrt(np.mean(values**2))) if len(values) else float("nan")
