"""Discriminator: any picture -> the discriminator's attention on it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array, Image
from facecam.errors import FacecamError
from facecam.system.files import named_path
from facecam.system.opencv import cv2
from sagan_gallery.generator import Generator
from sagan_gallery.model_file import SaganFile
from sagan_gallery.sample import Sample

_PLACES = 8
"""Across and down, that are covered one at a time."""


class Discriminator(SaganFile):
    """An exported SAGAN discriminator; inputs `image` (N, 3, R, R) in -1..1 and, when conditional, `label` (N,)."""

    def __init__(self, model: str | Path) -> None:
        super().__init__(named_path(model))
        if "image" not in self.inputs:
            raise self.not_ours("it is not a discriminator")
        self.need([], "score")
        self.resolution_px = self.size("resolution")

    @classmethod
    def beside(cls, generator: Generator) -> Discriminator:
        """The one that was exported with a generator: `name-d.onnx` beside `name.onnx`."""
        path = generator.path.with_name(f"{generator.path.stem}-d.onnx")
        if not path.is_file():
            raise FacecamError(
                f"An own picture needs the discriminator {path.name}, which is not beside the generator."
            )
        return cls(path)

    def attend(self, picture: Image, label: int | None = None) -> Sample:
        """Attention on the centre square of a picture (H, W, 3) uint8 RGB, scaled to the network's size. Raises
        FacecamError for a class that there is not."""
        count = len(self.metadata.get("classes") or [])
        if label is not None and "label" in self.inputs and count and not 0 <= label < count:
            raise FacecamError(f"{self.name} has the classes 0 to {count - 1}, there is no {label}.")
        image = centre_square(picture, self.resolution_px)
        scores, layers = self.infer_with_layers("score", self._inputs(image[None], label))
        return Sample(image, layers, label=label, score=float(scores.reshape(-1)[0]))

    def score_falls(self, sample: Sample) -> Iterator[Array | None]:
        """How far the score of a sample of `attend` falls when a place is covered in the picture's mean colour
        (occlusion sensitivity; Zeiler and Fergus 2014, section 4.2): how much the place speaks for a real picture.

        Yields None after each row of places, so that something more urgent can be done in between, and (8, 8) float32
        at the end.
        """
        assert sample.score is not None
        rows, columns = (np.arange(_PLACES + 1)[None] * np.array(sample.size_px)[:, None] // _PLACES).tolist()
        falls = np.empty((_PLACES, _PLACES), np.float32)
        mean = np.rint(sample.image.mean((0, 1)))
        for row, (top, bottom) in enumerate(pairwise(rows)):
            covered = np.repeat(sample.image[None], _PLACES, 0)
            for column, (left, right) in enumerate(pairwise(columns)):
                covered[column, top:bottom, left:right] = mean
            scores = self.infer(["score"], self._inputs(covered, sample.label))[0]
            falls[row] = sample.score - scores.reshape(-1)
            yield None
        yield falls

    def _inputs(self, images: Image, label: int | None) -> dict[str, npt.NDArray[Any]]:
        """The network's inputs for (N, R, R, 3) uint8."""
        scaled = np.ascontiguousarray(images.transpose(0, 3, 1, 2), np.float32) / np.float32(127.5) - np.float32(1)
        inputs: dict[str, npt.NDArray[Any]] = {"image": scaled}
        if "label" in self.inputs:
            inputs["label"] = np.full(len(images), label or 0, np.int64)
        return inputs


def attention_of_picture(
    picture: Image, label: int | None = None, discriminator: Discriminator | None = None
) -> Sample:
    """Where the pixels of any picture look, in a discriminator.

    picture: (H, W, 3) uint8 RGB; its centre square is looked at, at the network's size.
    label: index of the class that it is taken for; None: the first one.
    discriminator: None: the one that comes with the program. Raises FacecamError if there is none.
    """
    return (discriminator or _shipped()).attend(picture, label)


@lru_cache(maxsize=1)
def _shipped() -> Discriminator:
    return Discriminator.beside(Generator())


def centre_square(picture: Image, side_px: int) -> Image:
    """The largest centred square of (H, W, 3) uint8 as (side_px, side_px, 3), by area averaging; linear when enlarging.

    The training data is prepared with it. Raises FacecamError for what is none.
    """
    if not isinstance(picture, np.ndarray) or picture.dtype != np.uint8:
        kind = picture.dtype if isinstance(picture, np.ndarray) else type(picture).__name__
        raise FacecamError(f"A picture is an array (H, W, 3) of uint8 values from 0 to 255, not of {kind}.")
    if picture.ndim != 3 or picture.shape[2] != 3 or min(picture.shape[:2]) < 1:
        raise FacecamError(f"A picture of shape {picture.shape} can't be shown: it must be (H, W, 3).")
    side = min(picture.shape[:2])
    top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
    square = picture[top : top + side, left : left + side].astype(np.float32)  # of bytes, OpenCV enlarges a level off
    method = cv2.INTER_AREA if side > side_px else cv2.INTER_LINEAR
    return np.rint(cv2.resize(square, (side_px, side_px), interpolation=method)).astype(np.uint8)
