"""GallerySession: the generator, its discriminator and the worker behind the window. Everything slow happens here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from facecam.arrays import Image
from facecam.errors import FacecamError
from facecam.qtkit.worker import Worker
from sagan_gallery.discriminator import Discriminator
from sagan_gallery.generator import Generator
from sagan_gallery.latent import SampleSpec, latent
from sagan_gallery.sample import Sample
from sagan_gallery.walk import End

_NICENESS = 5
"""Sampling gives way to the window, and to the live picture."""


class Lane(IntEnum):
    """Kinds of work, most urgent first."""

    MODEL = 0
    SAMPLE = 1
    EFFECT = 2
    THUMB = 3
    GRID = 4
    EXPORT = 5


@dataclass(frozen=True)
class Failure:
    """lane: what did not work; message: one sentence for people."""

    lane: Lane
    message: str


class GallerySession(QObject):
    """Wishes go in, results come out as signals in the GUI thread. A new wish replaces the old one of its kind."""

    model_changed = Signal()
    sample_ready = Signal(Sample)
    effect_ready = Signal(object)
    """(H, W, 3) uint8: the last sample without its attention."""
    thumb_ready = Signal(End, object)
    """A point and its picture, (H, W, 3) uint8."""
    picture_ready = Signal(int, object)
    """Row and (H, W, 3) uint8 of a sample in the grid."""
    grid_done = Signal()
    exported = Signal(object)
    """A step of an export: whatever its steps give; None at the end."""
    failed = Signal(Failure)

    def __init__(self, keep_off: Callable[[], int | None] | None = None, parent: QObject | None = None) -> None:
        """keep_off: tells the core that sampling is to stay away from, if any."""
        super().__init__(parent)
        self.generator: Generator | None = None
        self._discriminator: Discriminator | None = None
        self._worker = Worker("sagan-gallery", _NICENESS, keep_off, self)
        self._worker.arrived.connect(self._arrived)
        self._next: Callable[[], Any] | None = None

    # -- wishes

    def open_model(self, path: Path | None) -> None:
        """Loads a generator, the shipped one for None; the one that is open stays until the new one is there."""
        self._worker.submit_one(Lane.MODEL, lambda: Generator(path))

    def want_sample(self, point: End, scale: float = 1.0) -> None:
        """The sample at a point, with its attention."""
        generator = self.generator
        if generator is not None:
            self._want(lambda: generator.sample(point.z, point.label, 1.0, scale, point.toward))

    def want_look(self, picture: Image) -> None:
        """A picture (H, W, 3) uint8 RGB through the discriminator's attention."""
        generator, known = self.generator, self._discriminator

        def attend() -> tuple[Sample, Discriminator]:
            if generator is None:
                raise FacecamError("An own picture needs a model: open one first.")
            discriminator = known or Discriminator.beside(generator)
            return discriminator.attend(picture), discriminator

        self._want(attend)

    def want_effect(self, sample: Sample) -> None:
        """The same sample without its attention."""
        generator, z = self.generator, sample.z
        if generator is None or z is None or not generator.has_attention_scale:
            self._worker.cancel(Lane.EFFECT)
            return
        self._worker.submit_one(Lane.EFFECT, lambda: generator.pictures(z[None], [sample.label], 0.0, sample.toward)[0])

    def want_thumb(self, point: End) -> None:
        """The picture at a point, without its attention."""
        generator = self.generator
        if generator is not None:
            self._worker.submit_one(
                Lane.THUMB, lambda: (point, generator.pictures(point.z[None], [point.label], 1.0, point.toward)[0])
            )

    def want_grid(self, specs: list[SampleSpec]) -> None:
        """The pictures of these samples, one after the other."""
        generator = self.generator
        if generator is None:
            return

        def steps() -> Iterator[tuple[int, Image]]:
            for row, spec in enumerate(specs):
                point = end_of(generator, spec)
                yield row, generator.pictures(point.z[None], [point.label])[0]

        self._worker.submit(Lane.GRID, steps)

    def want_export(self, steps: Callable[[], Iterator[Any]]) -> None:
        """Long work; each step's value comes as `exported`."""
        self._worker.submit(Lane.EXPORT, steps)

    def cancel_grid(self) -> None:
        """Leaves the grid as it is."""
        self._worker.cancel(Lane.GRID)

    def cancel_export(self) -> None:
        """Ends an export at its next step."""
        self._worker.cancel(Lane.EXPORT)

    def point(self, spec: SampleSpec) -> End:
        """The latent and label that a spec stands for."""
        assert self.generator is not None
        return end_of(self.generator, spec)

    @property
    def sampling(self) -> bool:
        """Whether the large sample is under way."""
        return self._next is not None or self._worker.busy(Lane.SAMPLE)

    def close(self, timeout_s: float) -> bool:
        """Ends the thread; False when it is still at something."""
        return self._worker.close(timeout_s)

    # -- results

    def _want(self, compute: Callable[[], Any]) -> None:
        """One sample at a time: the newest wish starts when the last one is shown, so that a dragged slider shows all
        that the core can compute instead of dropping every sample for the next."""
        if self._worker.busy(Lane.SAMPLE):
            self._next = compute
        else:
            self._worker.submit_one(Lane.SAMPLE, compute)

    def _arrived(self) -> None:
        for result in self._worker.take():
            if result.error is not None:
                self.failed.emit(Failure(Lane(result.lane), str(result.error)))
            elif result.last:
                self._done(result.lane)
            elif result.lane == Lane.MODEL:
                for lane in (Lane.SAMPLE, Lane.EFFECT, Lane.THUMB, Lane.GRID, Lane.EXPORT):
                    self._worker.cancel(lane)
                self._next = None
                self.generator, self._discriminator = result.value, None
                self.model_changed.emit()
            elif result.lane == Lane.SAMPLE:
                sample = result.value
                if isinstance(sample, tuple):
                    sample, self._discriminator = sample
                self.sample_ready.emit(sample)
            elif result.lane == Lane.EFFECT:
                self.effect_ready.emit(result.value)
            elif result.lane == Lane.THUMB:
                self.thumb_ready.emit(*result.value)
            elif result.lane == Lane.GRID:
                self.picture_ready.emit(*result.value)
            else:
                self.exported.emit(result.value)
        if self._next is not None and not self._worker.busy(Lane.SAMPLE):
            compute, self._next = self._next, None
            self._worker.submit_one(Lane.SAMPLE, compute)

    def _done(self, lane: int) -> None:
        if lane == Lane.GRID:
            self.grid_done.emit()
        elif lane == Lane.EXPORT:
            self.exported.emit(None)


def end_of(generator: Generator, spec: SampleSpec) -> End:
    """The latent and label that a spec stands for."""
    z = latent(spec.seed, generator.z_dim) * np.float32(spec.truncation)
    return End(z, generator.label_index(spec.label))
