"""GallerySession: the generator, its discriminator and the worker behind the window. Everything slow happens here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from facecam.arrays import Array, Image
from facecam.errors import FacecamError
from facecam.qtkit.worker import Result, Worker
from sagan_gallery.discriminator import Discriminator
from sagan_gallery.generator import Generator
from sagan_gallery.latent import SampleSpec
from sagan_gallery.overlay import mean_change
from sagan_gallery.sample import LatentPoint, Sample

_NICENESS = 5
"""Sampling gives way to the window, and to the live picture."""


class Order(Enum):
    """What the samples of the grid are sorted by."""

    DRAWN = "As drawn"
    CLASS = "Class"
    SCORE = "Score"
    EFFECT = "Effect"


class Lane(IntEnum):
    """Kinds of work, most urgent first."""

    MODEL = 0
    SAMPLE = 1
    COMPARISON = 2
    THUMB = 3
    GRID = 4
    EXPORT = 5


@dataclass(frozen=True, eq=False)
class OwnPicture:
    """A picture of the user's. image: (H, W, 3) uint8 RGB."""

    image: Image


@dataclass(frozen=True)
class Origin:
    """Where a large picture comes from. words: what it is called; spec: what makes it again; own: the user's picture,
    if it is one. Both are None on a walk or in a plane."""

    words: str
    spec: SampleSpec | None = None
    own: OwnPicture | None = None

    @property
    def in_between(self) -> bool:
        """Whether it is a latent of no sample in the grid."""
        return self.spec is None and self.own is None


ON_THE_WALK = Origin("On the walk")
IN_THE_PLANE = Origin("In the plane")


@dataclass(eq=False)
class Export:
    """A file that takes long to write. steps: begins it, and yields the share that is done; share: 0..1."""

    path: Path
    steps: Callable[[], Iterator[float]]
    share: float = 0.0


class GallerySession(QObject):
    """Requests go in, results come out as signals in the GUI thread. A new request replaces the old one of its kind,
    but for exports, which are written one after the other.

    scale: what every gamma of the samples to come is multiplied by.
    exports: the one that is being written, and after it those that wait.
    """

    model_changed = Signal()
    sample_ready = Signal(Sample, Origin)
    comparison_ready = Signal(Sample, object)
    """A sample, and itself without its attention, (H, W, 3) uint8; or what each place of an own picture adds to its
    score, (n, n) float32."""
    thumb_ready = Signal(LatentPoint, object)
    """A point and its picture, (H, W, 3) uint8."""
    picture_ready = Signal(SampleSpec, object, object)
    """A sample of the grid, its picture (H, W, 3) uint8, and what it is sorted by: a number, or None."""
    grid_done = Signal()
    exported = Signal(Export)
    """More of it is done; all, once it is no longer one of `exports`."""
    failed = Signal(Lane, str)
    """What did not work, and one sentence for people."""

    def __init__(self, keep_off: Callable[[], int | None], parent: QObject) -> None:
        """keep_off: gives the core that sampling is to stay away from, if any."""
        super().__init__(parent)
        self.generator: Generator | None = None
        self.scale = 1.0
        self.exports: list[Export] = []
        self._discriminator: tuple[Generator, Discriminator] | None = None  # of the worker's thread alone
        self._worker = Worker("sagan-gallery", _NICENESS, keep_off, self)
        self._worker.arrived.connect(self._arrived)
        self._signals = {
            Lane.SAMPLE: self.sample_ready,
            Lane.COMPARISON: self.comparison_ready,
            Lane.THUMB: self.thumb_ready,
            Lane.GRID: self.picture_ready,
        }
        """The signals that carry a generator's results."""
        self._next: Callable[[], Any] | None = None

    # -- requests; but for a model and an own picture, a model is there by then

    @property
    def _there(self) -> Generator:
        assert self.generator is not None
        return self.generator

    def open_model(self, model: str | Path | None) -> None:
        """Loads a generator, as `Generator` takes it; the one that is open stays until the new one is there."""
        self._worker.submit_one(Lane.MODEL, lambda: Generator(model))

    def request_sample(self, point: LatentPoint, origin: Origin) -> None:
        """The sample at a point, with its attention. origin: is handed back with it."""
        generator, scale = self._there, self.scale
        self._request(lambda: (generator.sample_at(point, scale), origin))

    def request_spec(self, spec: SampleSpec) -> None:
        self.request_sample(self._there.point(spec), Origin(str(spec), spec))

    def request_attention_of(self, picture: OwnPicture) -> None:
        """An own picture through the discriminator's attention."""
        generator = self.generator

        def attend() -> tuple[Sample, Origin]:
            if generator is None:
                raise FacecamError("An own picture needs a model: open one first.")
            origin = Origin("Own picture, seen by the discriminator", own=picture)
            return self._beside(generator).attend(picture.image), origin

        self._request(attend)

    def _beside(self, generator: Generator) -> Discriminator:
        """The discriminator of a generator; for the worker's thread alone."""
        if self._discriminator is None or self._discriminator[0] is not generator:
            self._discriminator = generator, Discriminator.beside(generator)
        return self._discriminator[1]

    def request_comparison(self, sample: Sample) -> None:
        """The same sample without its attention; what each place adds to the score if it is an own picture."""
        generator, point = self._there, sample.point

        def steps() -> Iterator[tuple[Sample, Image | Array] | None]:
            if point is not None:
                yield sample, generator.picture_at(point, 0.0)
            else:
                for falls in self._beside(generator).score_falls(sample):
                    yield None if falls is None else (sample, falls)

        self._worker.submit(Lane.COMPARISON, steps)

    def request_thumb(self, point: LatentPoint) -> None:
        """The picture at a point, without its attention."""
        generator = self._there
        self._worker.submit_one(Lane.THUMB, lambda: (point, generator.picture_at(point)))

    def request_grid(self, specs: list[SampleSpec], order: Order) -> None:
        """The pictures of these samples, one after the other, with what they are to be sorted by."""
        generator = self._there

        def steps() -> Iterator[tuple[SampleSpec, Image, float | None]]:
            for spec in specs:
                point = generator.point(spec)
                picture = generator.picture_at(point)
                value = None
                if order is Order.SCORE:
                    value = self._beside(generator).attend(picture, point.label).score
                elif order is Order.EFFECT:
                    value = mean_change(picture, generator.picture_at(point, 0.0))
                yield spec, picture, value

        self._worker.submit(Lane.GRID, steps)

    def request_export(self, export: Export) -> None:
        """Writes it, after those that were wanted before."""
        self.exports.append(export)
        if len(self.exports) == 1:
            self._worker.submit(Lane.EXPORT, export.steps)

    def cancel_grid(self) -> None:
        self._worker.cancel(Lane.GRID)

    def end_export(self, export: Export) -> None:
        """Ends it at its next step, or lets it not begin; the next one follows on the first."""
        first = self.exports[:1]
        self.exports = [each for each in self.exports if each is not export]
        if self.exports[:1] != first:
            self._worker.cancel(Lane.EXPORT)
            if self.exports:
                self._worker.submit(Lane.EXPORT, self.exports[0].steps)

    @property
    def sampling(self) -> bool:
        return self._next is not None or self._worker.busy(Lane.SAMPLE)

    @property
    def superseded(self) -> bool:
        """Whether a newer large sample is wanted than the one that has just come."""
        return self._next is not None

    @property
    def filling(self) -> bool:
        return self._worker.busy(Lane.GRID)

    def close(self, timeout_s: float) -> bool:
        """Ends the thread; False when it is still at something."""
        return self._worker.close(timeout_s)

    # -- results

    def _request(self, compute: Callable[[], Any]) -> None:
        """One sample at a time: the newest request starts when the last one is shown, so that a dragged slider shows
        all that the core can compute instead of dropping every sample for the next."""
        if self._worker.busy(Lane.SAMPLE):
            self._next = compute
        else:
            self._worker.submit_one(Lane.SAMPLE, compute)

    def _arrived(self) -> None:
        for result in self._worker.take():
            if result.lane == Lane.EXPORT:
                self._export_came(result)
            if result.error is not None:
                self.failed.emit(Lane(result.lane), str(result.error))
            elif result.last:
                if result.lane == Lane.GRID:
                    self.grid_done.emit()
            elif result.lane == Lane.MODEL:
                for lane in self._signals:
                    self._worker.cancel(lane)
                self._next = None
                self.generator = result.value
                self.model_changed.emit()
            elif result.lane != Lane.EXPORT and result.value is not None:  # otherwise a step on the way
                values = result.value if isinstance(result.value, tuple) else (result.value,)
                self._signals[Lane(result.lane)].emit(*values)
        if self._next is not None and not self._worker.busy(Lane.SAMPLE):
            compute, self._next = self._next, None
            self._worker.submit_one(Lane.SAMPLE, compute)

    def _export_came(self, result: Result) -> None:
        export = self.exports[0]
        if result.error is not None or result.last:
            self.end_export(export)
        else:
            export.share = result.value
        if result.error is None:
            self.exported.emit(export)
