"""Writing raw attention and films."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from facecam.arrays import Image
from facecam.system.files import writing
from sagan_gallery.sample import Sample


def save_attention(path: Path, sample: Sample, pins_px: Sequence[tuple[float, float]] = (), source: str = "") -> None:
    """The sample as NPZ, to be read with `np.load(path)` and without pickle.

    image (H, W, 3) uint8 RGB; for layer n (1, 2, ...): attention_n (Q, K), query_grid_n, key_grid_n, gamma_n; z, label
    where there are any; attention_scale; pins (P, 2) x y picture pixels; source: the sample text.
    """
    arrays: dict[str, npt.NDArray[Any]] = {
        "image": sample.image,
        "attention_scale": np.float32(sample.attention_scale),  # type: ignore[dict-item]
        "pins": np.asarray(pins_px, np.float32).reshape(-1, 2),
        "source": np.array(source),
    }
    for number, layer in enumerate(sample.layers, 1):
        arrays[f"attention_{number}"] = layer.attention
        arrays[f"query_grid_{number}"] = np.array(layer.query_grid)
        arrays[f"key_grid_{number}"] = np.array(layer.key_grid)
        arrays[f"gamma_{number}"] = np.array(layer.gamma, np.float32)
    if sample.z is not None:
        arrays["z"] = sample.z
    if sample.label is not None:
        arrays["label"] = np.array(sample.label)
    with writing(path), path.open("wb") as file:  # np.savez would put its own suffix behind another one
        np.savez_compressed(file, allow_pickle=False, **arrays)


FilmWriter = Callable[[Path, Iterator[Image], int, float], Iterator[float]]
"""Writes a film of N pictures (H, W, 3) uint8 RGB, all of one size, at a rate in Hz. Yields the share that is done,
and can be left at any step. Raises FacecamError or OSError."""

_GIF_COLOURS, _LOOKED_AT = 64, 16
_EVERY = 2
"""Of the pixels that the colours are found from, in both directions: of all it takes six times as long, for errors
that are 2 to 10 % smaller; without k-means they are twice as large."""


def write_gif(
    path: Path, pictures: Iterator[Image], count: int, rate_hz: float, kept: Sequence[Sequence[int]] = ()
) -> Iterator[float]:
    """A `FilmWriter` of endless GIFs of 64 colours, which the whole film shares: a palette for each picture takes twice
    the bytes, and its colours flicker. kept: RGB of those that stay as they are, however little of the film has them.
    """
    from PIL import Image as Pillow  # a fifth of a second to load, and rarely needed

    frames: list[Any] = []
    for picture in pictures:
        frames.append(Pillow.fromarray(picture))
        yield len(frames) / (2 * count + 1)
    looked_at = [np.asarray(frame)[::_EVERY, ::_EVERY] for frame in frames[:: -(-count // _LOOKED_AT)]]
    colours = Pillow.fromarray(np.concatenate(looked_at)).quantize(_GIF_COLOURS - len(kept), kmeans=1)
    colours.putpalette([*(colours.getpalette() or ()), *(level for colour in kept for level in colour)])
    for number, frame in enumerate(frames):
        frames[number] = frame.quantize(palette=colours, dither=Pillow.Dither.NONE)
        yield (count + number + 1) / (2 * count + 1)
    _save(path, "GIF", frames, rate_hz)
    yield 1.0


def write_webp(path: Path, pictures: Iterator[Image], count: int, rate_hz: float) -> Iterator[float]:
    """A `FilmWriter` of endless animated WebPs: all colours, and fewer bytes than a GIF's."""
    from PIL import Image as Pillow

    frames: list[Any] = []
    for picture in pictures:
        frames.append(Pillow.fromarray(picture))
        yield len(frames) / (count + 1)
    _save(path, "WEBP", frames, rate_hz, quality=90, method=2)
    yield 1.0


def _save(path: Path, form: str, frames: list[Any], rate_hz: float, **options: Any) -> None:
    duration_ms = max(20, round(100 / rate_hz) * 10)  # in hundredths; faster than 50 Hz is shown slowly
    first, *rest = frames
    first.save(path, form, save_all=True, append_images=rest, duration=duration_ms, loop=0, **options)
