"""Generator: (z, class) -> picture and attention."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array, Image
from facecam.errors import FacecamError
from facecam.system.files import named_path
from facecam.system.resources import asset
from sagan_gallery.latent import SampleSpec, latent
from sagan_gallery.model_file import SaganFile
from sagan_gallery.sample import Blend, LatentPoint, Sample, to_bytes

DEFAULT_MODEL = "sagan64"
"""The one that opens first."""


def shipped_generators() -> dict[str, Path]:
    """Name and file of each generator that comes with the program, the default first."""
    folder = asset(f"{DEFAULT_MODEL}.onnx", "sagan_gallery").parent
    found = {path.stem: path for path in sorted(folder.glob("*.onnx")) if not path.stem.endswith("-d")}
    return dict(sorted(found.items(), key=lambda each: each[0] != DEFAULT_MODEL))


class Generator(SaganFile):
    """An exported SAGAN generator, run on one thread in the thread that calls.

    model: the name of one that comes with the program, or an ONNX file of `train.sagan.export`; None: the default.

    Has classes: names in the order of the labels, empty for an unconditional generator; resolution_px: side of its
    pictures; z_dim: length of a latent; layer_count: its attention layers. Raises FacecamError with one sentence for
    people.
    """

    def __init__(self, model: str | Path | None = None) -> None:
        shipped = shipped_generators()
        if model is None and not shipped:
            raise FacecamError("No generator comes with this copy of the program: open one, or train it first.")
        name = next(iter(shipped)) if model is None else str(model)
        super().__init__(shipped.get(name) or named_path(name))
        self.classes, self.z_dim = self._describe()
        self.layer_count = len(self.grids)
        self.resolution_px = self.sample(0).size_px[0]  # one run, to see that the outputs are as described

    def sample(
        self,
        seed_or_z: int | npt.NDArray[Any],
        label: int | str | None = None,
        truncation: float = 1.0,
        attention_scale: float = 1.0,
        toward: Blend | None = None,
    ) -> Sample:
        """One picture with its attention.

        seed_or_z: a seed, or a latent (z_dim,) float32.
        label: index or name of the class; None: the first one.
        truncation: factor on the latent; 1 leaves it as it is.
        attention_scale: factor on gamma; 0 switches attention off.
        toward: another class that it is on the way to.
        """
        z = self._latents(np.atleast_2d(latent(seed_or_z, self.z_dim) if np.isscalar(seed_or_z) else seed_or_z))
        index = self.label_index(label)
        if len(z) != 1:
            raise FacecamError(f"A sample is made of one latent, not of {len(z)}; `pictures` takes several.")
        truncation = _number(truncation, "truncation")
        inputs = self._inputs(z * np.float32(truncation), [index or 0], attention_scale, toward)
        images, layers = self.infer_with_layers("image", inputs)
        return Sample(
            self._pictures(images)[0],
            layers,
            z=z[0] * np.float32(truncation),
            label=index,
            toward=toward,
            attention_scale=attention_scale,
        )

    def pictures(
        self,
        z: npt.NDArray[Any],
        labels: list[int | None],
        attention_scale: float = 1.0,
        toward: Blend | None = None,
    ) -> Image:
        """(N, H, W, 3) uint8 RGB for latents (N, z_dim), without the attention; all of them on the way to one class."""
        numbers = [label or 0 for label in labels]
        inputs = self._inputs(self._latents(z), numbers, attention_scale, toward)
        return self._pictures(self.infer(["image"], inputs)[0])

    def point(self, spec: SampleSpec) -> LatentPoint:
        """What the sample of a spec is made of."""
        z = latent(spec.seed, self.z_dim) * np.float32(spec.truncation)
        return LatentPoint(z, self.label_index(spec.label))

    def sample_at(self, point: LatentPoint, attention_scale: float = 1.0) -> Sample:
        """As `sample`."""
        return self.sample(point.z, point.label, 1.0, attention_scale, point.toward)

    def picture_at(self, point: LatentPoint, attention_scale: float = 1.0) -> Image:
        """(H, W, 3) uint8 RGB, without the attention."""
        return self.pictures(point.z[None], [point.label], attention_scale, point.toward)[0]

    def label_index(self, label: int | str | None) -> int | None:
        """The index of a class given by name or index; None for an unconditional generator."""
        if not self.classes:
            return None
        if isinstance(label, str):
            if label not in self.classes:
                raise FacecamError(f"{self.name} has no class {label}; it has {', '.join(self.classes)}.")
            return self.classes.index(label)
        index = int(label or 0)
        if not 0 <= index < len(self.classes):
            raise FacecamError(f"{self.name} has the classes 0 to {len(self.classes) - 1}, there is no {index}.")
        return index

    def _describe(self) -> tuple[list[str], int]:
        """Class names and latent length, after a check of inputs and outputs."""
        if "z" not in self.inputs:
            kind = (
                "it is a discriminator, which the gallery finds by itself" if "image" in self.inputs else "no input z"
            )
            raise self.not_ours(kind)
        self.need(["attention_scale", *(["label_to", "class_mix"] if "label" in self.inputs else [])], "image")
        classes = [str(name) for name in self.metadata.get("classes") or []]
        if "label" not in self.inputs:
            classes = []
        elif not classes:
            raise self.not_ours("it takes a class, but names none")
        return classes, self.size("z_dim", usual=128)

    def _latents(self, z: npt.NDArray[Any]) -> Array:
        if z.ndim != 2 or z.shape[1] != self.z_dim:
            raise FacecamError(f"{self.name} takes latents of {self.z_dim} numbers, not of shape {z.shape}.")
        try:
            latents = np.ascontiguousarray(z, np.float32)
        except ValueError:
            latents = np.full(z.shape, np.nan, np.float32)
        if not np.isfinite(latents).all():
            raise FacecamError("A latent holds finite numbers.")
        return latents

    def _inputs(self, z: Array, labels: list[int], scale: float, toward: Blend | None) -> dict[str, npt.NDArray[Any]]:
        rank = self.inputs["attention_scale"]
        scales = np.full((1,) * rank, _number(scale, "attention scale"), np.float32)
        inputs: dict[str, npt.NDArray[Any]] = {"z": z, "attention_scale": scales}
        if self.classes:
            inputs["label"] = np.asarray(labels, np.int64)
            if toward is not None:
                inputs["label_to"] = np.array([toward.label], np.int64)
                inputs["class_mix"] = np.array([toward.share], np.float32)
        return inputs

    def _pictures(self, images: Array) -> Image:
        if images.ndim != 4 or images.shape[1] != 3:
            raise self.not_ours(f"its pictures have the shape {images.shape}")
        return to_bytes(images)


def _number(value: float, name: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise FacecamError(f"The {name} is a finite number, not {value!r}.")
    return number
