"""Behaviour in front of a webcam, frame by frame, before any smoothing and with the program's own tracking.

On real clips of one face: "lost" is the share of frames without a box of IoU > 0.4 with the face, "other" the boxes per
frame elsewhere, and jitter the root mean square of the second difference of the box's centre (and of its width and
height), divided by sqrt(6), in per cent of the face size: for a face at rest, the standard deviation of a coordinate.
The face is a track of detections, median-smoothed over half a second, of the same or of another detector.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array
from facecam.errors import FacecamError
from facecam.faces.boxes import Detections, pairwise_iou
from facecam.faces.tracking import CANDIDATE_SHARE, Tracker, TrackingOptions
from facecam.sources import Frame, open_source
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
    return [detect(frame.image) for frame in read_clip(path)]


def read_clip(path: Path) -> Iterator[Frame]:
    """The frames of a video, as the program reads them. Raises SourceError when it can't be read."""
    with closing(open_source(path)) as source:
        for frame in iter(source.read, None):
            yield replace(frame, path=None)


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
            iou = pairwise_iou(found.boxes, face[None])[:, 0]
            same = iou > SAME_FACE_IOU  # none where the face is NaN
            other += int(np.count_nonzero(~same))
            elsewhere.append(found.boxes[~same])
            if same.any():
                followed[row] = found.boxes[iou.argmax()]
                own_numbers |= set() if found.ids is None else {int(found.ids[iou.argmax()])}
        flickers += _short_runs(elsewhere)
        numbers = max(numbers, len(own_numbers))
        frames += len(detections)
        lost += int(np.isnan(followed[:, 0]).sum())
        size = (reference[:, 2:] - reference[:, :2]).max(axis=1)[1:-1, None]
        centre_steps.append(np.diff((followed[:, :2] + followed[:, 2:]) / 2, 2, axis=0) / size)
        size_steps.append(np.diff(followed[:, 2:] - followed[:, :2], 2, axis=0) / size)
    total = max(frames, 1)
    jitters = _jitter(centre_steps), _jitter(size_steps)
    return ClipMeasure(frames, lost / total, other / total, *jitters, flickers, numbers)


def _short_runs(frames: Sequence[Array]) -> int:
    """How many things are seen in one or two frames on end only. frames: of each, the boxes (N, 4)."""
    short, before, ages = 0, np.zeros((0, 4), np.float32), np.zeros(0, np.intp)
    for boxes in [*frames, np.zeros((0, 4), np.float32)]:
        same = pairwise_iou(before, boxes) > SAME_FACE_IOU
        short += int(((ages <= FLICKER_FRAMES) & ~same.any(axis=1)).sum())
        ages = 1 + (same * ages[:, None]).max(axis=0, initial=0)
        before = boxes
    return short


def _jitter(steps: Sequence[np.ndarray]) -> float:
    """steps: second differences (F, 2); NaN where one of three frames is."""
    values = np.concatenate(steps)
    values = values[~np.isnan(values[:, 0])]
    # The second difference of independent noise has six times its variance: 1 + 4 + 1.
    return 100 * float(np.sqrt(np.mean(values**2) / 6)) if len(values) else float("nan")
