"""Writing raw attention and films."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from facecam.arrays import Image
from facecam.system.files import PartFile, writing
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


class Film(Protocol):
    """A film that is being written."""

    def add(self, picture: Image) -> None:
        """One more picture (H, W, 3) uint8 RGB, all of one size. Raises FacecamError or OSError."""

    def close(self) -> None:
        """The film is complete. Raises FacecamError or OSError."""

    def discard(self) -> None:
        """The film is not wanted any more."""


class Gif:
    """An endless GIF of 64 colours, which the whole film shares: a palette for each picture takes twice the bytes, and
    its colours flicker. kept: RGB of those that stay as they are, however little of the film has them."""

    _FORMAT = "GIF"
    _OPTIONS: ClassVar[dict[str, Any]] = {}
    _COLOURS, _LOOKED_AT = 64, 16
    _EVERY = 2
    """Of the pixels that the colours are found from, in both directions: of all it takes six times as long, for errors
    that are 2 to 10 % smaller; without k-means they are twice as large."""

    def __init__(self, path: Path, rate_hz: float, kept: Sequence[Sequence[int]] = ()) -> None:
        self._kept = [level for colour in kept for level in colour]
        self._file = PartFile(path)  # at once: nobody wants to wait for a film that can't be saved
        self._duration_ms = max(20, round(100 / rate_hz) * 10)  # in hundredths; faster than 50 Hz is shown slowly
        self._frames: list[Any] = []

    def add(self, picture: Image) -> None:
        from PIL import Image as Pillow  # a fifth of a second to load, and rarely needed

        self._frames.append(Pillow.fromarray(picture))

    def _coded(self) -> list[Any]:
        """The frames in the film's colours, which are found from some of them."""
        from PIL import Image as Pillow

        frames = self._frames[:: -(-len(self._frames) // self._LOOKED_AT)]
        some = np.concatenate([np.asarray(frame)[:: self._EVERY, :: self._EVERY] for frame in frames])
        colours = Pillow.fromarray(some).quantize(self._COLOURS - len(self._kept) // 3, kmeans=1)
        colours.putpalette([*(colours.getpalette() or ()), *self._kept])
        return [frame.quantize(palette=colours, dither=Pillow.Dither.NONE) for frame in self._frames]

    def close(self) -> None:
        first, *rest = self._coded()
        with writing(self._file.path):
            first.save(
                self._file.part, self._FORMAT, save_all=True, append_images=rest, duration=self._duration_ms, loop=0,
                **self._OPTIONS,
            )  # fmt: skip
        self._file.complete()

    def discard(self) -> None:
        self._file.discard()


class WebP(Gif):
    """An endless animated WebP: all colours, and fewer bytes than a GIF's."""

    _FORMAT = "WEBP"
    _OPTIONS: ClassVar[dict[str, Any]] = {"quality": 90, "method": 2}

    def _coded(self) -> list[Any]:
        return self._frames
