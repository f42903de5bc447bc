"""The gallery's part of a benchmark: samples of its generator."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from facecam.bench.measure import Benchmark
from facecam.bench.result import Labels
from facecam.errors import FacecamError
from facecam.runtimes.engine import Runtime, runtimes_for
from sagan_gallery.generator import Generator
from sagan_gallery.latent import latent

TITLE = "Gallery: one sample of the generator"


def gallery_benchmarks(runtime: Runtime = Runtime.AUTO, model: Path | None = None) -> list[Benchmark]:
    """A sample with and without its attention, in each runtime.

    runtime: AUTO: all that are installed. model: a generator's file; None: the one that the gallery opens first. Raises
    FacecamError.
    """
    try:
        return [benchmark for each in runtimes_for(runtime) for benchmark in _kinds(Generator(model), each)]
    except FacecamError as error:
        raise FacecamError(f"The gallery can't be measured: {error}") from error


def _kinds(generator: Generator, runtime: Runtime) -> list[Benchmark]:
    if runtime == Runtime.OPENVINO:
        generator.use_openvino()
    seeds, side_px = count(), generator.resolution_px

    def sample() -> None:
        generator.sample(next(seeds))

    def picture() -> None:
        generator.pictures(latent(next(seeds), generator.z_dim)[None], [0])

    return [
        Benchmark(
            call,
            Labels(
                generator.name, generator.sha256, "gallery", runtime=runtime, what=what, width=side_px, height=side_px
            ),
        )
        for call, what in ((sample, "picture and attention"), (picture, "picture only"))
    ]
