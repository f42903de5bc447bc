"""How often a face is left in view where privacy is on: clips of one face, as filmed, with made exits and occlusions.

The program's own finder looks at them frame by frame, in time with the clip. Where the face really is says the clip's
`reference_track`, moved as the picture is. A face is uncovered in a frame where a quarter of it or more is to be seen
(its ellipse in its box, within the picture and not behind the patch), and more than a fifth of that is not hidden.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array, Image
from facecam.detection.detector import FaceDetector
from facecam.faces.privacy import Hiding, PrivacyOptions, hide_faces
from facecam.faces.tracking import TrackingOptions
from facecam.live.detection_loop import FaceFinder
from facecam.live.options import LiveOptions
from facecam.sources import Frame
from facecam.system.opencv import cv2
from train.faceboxes.protocols.webcam import FPS

_LEAST_SEEN = 0.25
_MOST_LEFT = 0.2
_WALKS_PAST = 1.1
"""Times its size that a face goes beyond the border."""
_PATCH = 1.3
"""Sides of the patch, in those of the face."""

Mask = npt.NDArray[np.bool_]
"""Some of a picture, (H, W)."""
Made = tuple[Image, Array, Mask]
"""A changed frame, where its face is, (4,) x1 y1 x2 y2, and what of the picture is in front of it."""
Change = Callable[[Image, Array, float], Made]
"""Of a frame, its face, and how far the clip is, 0..1."""


@dataclass(frozen=True)
class Uncovered:
    """frames: those with a face to be seen; share: of them, with it uncovered, 0..1; longest: how many on end."""

    frames: int
    share: float
    longest: int


def as_filmed(image: Image, face: Array, progress: float) -> Made:
    """No change."""
    return image, face, np.zeros(image.shape[:2], bool)


def exit_to(side: str) -> Change:
    """The picture moves until, in the clip's middle, its face is past the left, right or bottom border; and back."""

    def change(image: Image, face: Array, progress: float) -> Made:
        height, width = image.shape[:2]
        x1, y1, x2, y2 = face.tolist()
        away = {
            "left": (-x1 - _WALKS_PAST * (x2 - x1), 0.0),
            "right": (width - x2 + _WALKS_PAST * (x2 - x1), 0.0),
            "bottom": (0.0, height - y2 + _WALKS_PAST * (y2 - y1)),
        }[side]
        step = np.array(away) * _there_and_back(progress)
        move = np.array([[1, 0, step[0]], [0, 1, step[1]]])
        moved = cv2.warpAffine(image, move, (width, height), borderMode=cv2.BORDER_REPLICATE)
        return moved, face + np.tile(step, 2).astype(np.float32), np.zeros((height, width), bool)  # type: ignore[return-value]

    return change


def occluded(image: Image, face: Array, progress: float) -> Made:
    """A patch passes before the face from the left to the right, and covers it in the clip's middle."""
    x1, y1, x2, y2 = face.tolist()
    across, down = _PATCH * (x2 - x1), _PATCH * (y2 - y1)
    middle_x, middle_y = (x1 + x2) / 2 + 2 * (2 * progress - 1) * across, (y1 + y2) / 2
    left, right = (max(0, round(middle_x + half)) for half in (-across / 2, across / 2))
    top, bottom = (max(0, round(middle_y + half)) for half in (-down / 2, down / 2))
    changed, before = image.copy(), np.zeros(image.shape[:2], bool)
    before[top:bottom, left:right] = True
    changed[before] = np.median(image.reshape(-1, 3), axis=0)
    return changed, face, before


CHANGES = {"as filmed": as_filmed, **{f"exit, {side}": exit_to(side) for side in ("left", "right", "bottom")}}
CHANGES["occlusion"] = occluded


def measure(
    clips: Sequence[tuple[Sequence[Image], Array]], change: Change, find: Callable[[], Callable[[Image, int], Array]]
) -> Uncovered:
    """Over all clips together.

    clips: the frames, and where the face is in each, (F, 4) float32, NaN where nobody knows.
    find: makes for each clip what is asked, frame by frame, for the places (N, 4) to hide.
    """
    seen = left = longest = 0
    for frames, faces in clips:
        ask, run = find(), 0
        for index, (image, face) in enumerate(zip(frames, faces, strict=True)):
            known = not np.isnan(face[0])
            if known:
                image, face, before = change(image, face, index / max(1, len(frames) - 1))
            places = ask(image, index)
            share = _left_in_view(image, face, before, places) if known else None
            seen += share is not None
            run = run + 1 if share is not None and share > _MOST_LEFT else 0
            left += run > 0
            longest = max(longest, run)
    return Uncovered(seen, left / max(1, seen), longest)


def finder(detector: FaceDetector, privacy: PrivacyOptions) -> Callable[[Image, int], Array]:
    """What the window would hide of a clip's frames."""
    found, options = FaceFinder(detector), LiveOptions(tracking=TrackingOptions(), privacy=privacy)
    return lambda image, index: found.find(Frame(image, index, index / FPS, index / FPS), options).private


def _there_and_back(progress: float) -> float:
    return (1 - math.cos(2 * math.pi * progress)) / 2


def _left_in_view(image: Image, face: Array, before: Mask, places: Array) -> float | None:
    """Share of what is to be seen of the face that is not hidden; None where too little of it is to be seen."""
    x1, y1, x2, y2 = face.tolist()
    whole = np.zeros(image.shape[:2], np.uint8)
    centre, axes = (round((x1 + x2) / 2), round((y1 + y2) / 2)), (round((x2 - x1) / 2), round((y2 - y1) / 2))
    cv2.ellipse(whole, centre, axes, 0, 0, 360, 255, cv2.FILLED)
    seen = (whole > 0) & ~before
    if seen.sum() < _LEAST_SEEN * math.pi * axes[0] * axes[1]:
        return None
    white = np.full_like(image, 255)
    hidden = hide_faces(white, places, PrivacyOptions(Hiding.COVER))[..., 0] < 255
    return float((seen & ~hidden).sum() / seen.sum())
