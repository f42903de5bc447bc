"""How often a face is left in view where privacy is on: clips as filmed, with made exits and occlusions.

The program's own finder looks at them frame by frame, in time with the clip. Where the faces really are say the clip's
`reference_tracks`, moved as the picture is. A face is uncovered in a frame where a quarter of it or more is to be seen
(its ellipse in its box, within the picture and not behind a patch), and more than a fifth of that is not hidden.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array, Image
from facecam.detection.detector import FaceDetector
from facecam.faces.privacy import Hiding, PrivacyOptions, hide_faces
from facecam.live.detection_loop import FaceFinder
from facecam.live.options import LiveOptions
from facecam.sources import Frame
from facecam.system.opencv import cv2

_LEAST_SEEN = 0.25
_MOST_LEFT = 0.2
_WALKS_PAST = 1.1
"""Times its size that a face goes beyond the border."""
_PATCH = 1.3
"""Sides of the patch, in those of the face."""

Clip = tuple[Sequence[Frame], Array]
"""The frames, and where each face is in them, (F, N, 4) float32 x1 y1 x2 y2, NaN where nobody knows."""
Mask = npt.NDArray[np.bool_]
"""Some of a picture, (H, W)."""
Made = tuple[Image, Array, Mask]
"""A changed frame, where its faces are, (N, 4), and what of the picture is in front of them."""
Change = Callable[[Image, Array, float], Made]
"""Of a frame, its faces (N, 4), and how far the clip is, 0..1."""


@dataclass(frozen=True)
class Uncovered:
    """frames: those with a face to be seen; share: of them, with one uncovered, 0..1; longest: how many on end."""

    frames: int
    share: float
    longest: int


def as_filmed(image: Image, faces: Array, progress: float) -> Made:
    """No change."""
    return image, faces, np.zeros(image.shape[:2], bool)


def exit_to(side: str) -> Change:
    """The picture moves until, in the clip's middle, all faces are past the left, right or bottom border; and back."""

    def change(image: Image, faces: Array, progress: float) -> Made:
        height, width = image.shape[:2]
        (x1, y1), x2 = faces[:, :2].min(axis=0).tolist(), float(faces[:, 2].max())
        wide, high = (faces[:, 2:] - faces[:, :2]).max(axis=0).tolist()
        away = {
            "left": (-x2 - (_WALKS_PAST - 1) * wide, 0.0),
            "right": (width - x1 + (_WALKS_PAST - 1) * wide, 0.0),
            "bottom": (0.0, height - y1 + (_WALKS_PAST - 1) * high),
        }[side]
        step = np.array(away) * _there_and_back(progress)
        move = np.array([[1, 0, step[0]], [0, 1, step[1]]])
        moved = cv2.warpAffine(image, move, (width, height), borderMode=cv2.BORDER_REPLICATE)
        return moved, faces + np.tile(step, 2).astype(np.float32), np.zeros((height, width), bool)  # type: ignore[return-value]

    return change


def occluded(image: Image, faces: Array, progress: float) -> Made:
    """A patch passes before each face from the left to the right, and covers it in the clip's middle."""
    changed, before = image.copy(), np.zeros(image.shape[:2], bool)
    for x1, y1, x2, y2 in faces.tolist():
        across, down = _PATCH * (x2 - x1), _PATCH * (y2 - y1)
        middle_x, middle_y = (x1 + x2) / 2 + 2 * (2 * progress - 1) * across, (y1 + y2) / 2
        left, right = (max(0, round(middle_x + half)) for half in (-across / 2, across / 2))
        top, bottom = (max(0, round(middle_y + half)) for half in (-down / 2, down / 2))
        before[top:bottom, left:right] = True
    changed[before] = np.median(image.reshape(-1, 3), axis=0)
    return changed, faces, before


CHANGES = {"as filmed": as_filmed, **{f"exit, {side}": exit_to(side) for side in ("left", "right", "bottom")}}
CHANGES["occlusion"] = occluded


def measure(clips: Sequence[Clip], change: Change, find: Callable[[], Callable[[Frame], Array]]) -> Uncovered:
    """Over all clips together. find: makes for each what is asked, frame by frame, for the places (M, 4) to hide."""
    seen = left = longest = 0
    for frames, tracks in clips:
        ask, run = find(), 0
        for index, (frame, track) in enumerate(zip(frames, tracks, strict=True)):
            image, faces, before = frame.image, track[~np.isnan(track[:, 0])], None
            if len(faces):
                image, faces, before = change(image, faces, index / max(1, len(frames) - 1))
            places = ask(replace(frame, image=image))
            share = None if before is None else _left_in_view(faces, before, places)
            seen += share is not None
            run = run + 1 if share is not None and share > _MOST_LEFT else 0
            left += run > 0
            longest = max(longest, run)
    return Uncovered(seen, left / max(1, seen), longest)


def finder(detector: FaceDetector, options: LiveOptions) -> Callable[[Frame], Array]:
    """What the window would hide of a clip's frames."""
    found = FaceFinder(detector)
    return lambda frame: found.find(frame, options).private


def at_most(clip: Clip, rate_hz: float) -> Clip:
    """The clip as a machine sees it that searches no more pictures a second: the others are dropped."""
    kept: list[int] = []
    for index, frame in enumerate(clip[0]):
        if not kept or frame.time_s - clip[0][kept[-1]].time_s > 0.99 / rate_hz:
            kept.append(index)
    return [clip[0][index] for index in kept], clip[1][kept]


def together(clips: Sequence[Clip]) -> Clip:
    """Four clips of one size in the quarters of one picture of that size, for as long as the shortest."""
    length = min(len(frames) for frames, _ in clips)
    height, width = clips[0][0][0].image.shape[:2]
    corners = [(x, y) for y in (0, height // 2) for x in (0, width // 2)]
    frames = []
    for index in range(length):
        image = np.zeros((height, width, 3), np.uint8)
        for (x, y), (own, _) in zip(corners, clips, strict=True):
            part = image[y : y + height // 2, x : x + width // 2]
            cv2.resize(own[index].image, part.shape[1::-1], dst=part, interpolation=cv2.INTER_AREA)
        frames.append(replace(clips[0][0][index], image=image))
    tracks = [
        track[:length] / 2 + np.array([*corner, *corner], np.float32)
        for corner, (_, track) in zip(corners, clips, strict=True)
    ]
    return frames, np.concatenate(tracks, axis=1)


def _there_and_back(progress: float) -> float:
    return (1 - math.cos(2 * math.pi * progress)) / 2


def _left_in_view(faces: Array, before: Mask, places: Array) -> float | None:
    """Share of what is to be seen of a face that is not hidden, of the worst; None where too little is to be seen of
    any."""
    white = np.full((*before.shape, 3), 255, np.uint8)
    hidden = hide_faces(white, places, PrivacyOptions(Hiding.COVER))[..., 0] < 255
    shares = []
    for x1, y1, x2, y2 in faces.tolist():
        whole = np.zeros(before.shape, np.uint8)
        centre, axes = (round((x1 + x2) / 2), round((y1 + y2) / 2)), (round((x2 - x1) / 2), round((y2 - y1) / 2))
        cv2.ellipse(whole, centre, axes, 0, 0, 360, 255, cv2.FILLED)
        seen = (whole > 0) & ~before
        if seen.sum() >= _LEAST_SEEN * math.pi * axes[0] * axes[1]:
            shares.append(float((seen & ~hidden).sum() / seen.sum()))
    return max(shares, default=None)
