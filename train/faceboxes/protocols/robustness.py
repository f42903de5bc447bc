"""Changed copies of the pictures, on which a good detector loses little: rotated, mirrored, grey, dark."""

from __future__ import annotations

import math

import numpy as np

from facecam.arrays import Array, Image
from facecam.system.opencv import cv2
from train.faceboxes.protocols.canvas import Change


def mirrored(image: Image, boxes: Array) -> tuple[Image, Array]:
    """Left and right swapped."""
    width = image.shape[1]
    flipped = boxes[:, [2, 1, 0, 3]].copy()
    flipped[:, [0, 2]] = width - flipped[:, [0, 2]]
    return np.ascontiguousarray(image[:, ::-1]), flipped


def grey(image: Image, boxes: Array) -> tuple[Image, Array]:
    """Without colour."""
    single = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return cv2.cvtColor(single, cv2.COLOR_GRAY2BGR), boxes  # type: ignore[return-value]


def dark(image: Image, boxes: Array) -> tuple[Image, Array]:
    """A fifth of the light, with the noise of a sensor (standard deviation 4 of 255, the same for every run)."""
    noise = np.random.default_rng(0).normal(0, 4, image.shape)
    return np.clip(np.rint(image * 0.2 + noise), 0, 255).astype(np.uint8), boxes


def rotated(degrees: float) -> Change:
    """Turned counter-clockwise about its middle, at the same size: what leaves the frame is lost, corners are black.

    A face's box becomes the one around the turned ellipse that the box held, since the corners hold no face.
    """
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turn = np.array([[cosine, sine], [-sine, cosine]])

    def change(image: Image, boxes: Array) -> tuple[Image, Array]:
        size = image.shape[1], image.shape[0]
        shift = np.array(size) / 2 - turn @ (size[0] / 2, size[1] / 2)
        # OpenCV counts from pixel centres, boxes from pixel edges.
        move = np.column_stack([turn, shift + turn @ (0.5, 0.5) - 0.5])
        centre = (boxes[:, :2] + boxes[:, 2:]) / 2 @ turn.T + shift
        half = np.sqrt(((boxes[:, 2:] - boxes[:, :2]) / 2) ** 2 @ (turn.T**2))
        turned = np.concatenate([centre - half, centre + half], axis=1).astype(np.float32)
        return cv2.warpAffine(image, move, size), turned  # type: ignore[return-value]

    return change


CHANGES: dict[str, Change] = {
    "rotated 15": rotated(15),
    "rotated -15": rotated(-15),
    "rotated 30": rotated(30),
    "rotated -30": rotated(-30),
    "mirrored": mirrored,
    "grey": grey,
    "dark": dark,
}
"""Changed copies by name; degrees are counter-clockwise."""

SIZES = ((320, 240), (640, 480), (1280, 720), (1920, 1080))
"""Canvases, width and height, on which a detector should work."""
