"""Where the files that come with the program lie: weights, small graphs and demo pictures."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


def _places(package: str) -> tuple[Path, Path]:
    return _ROOT / package / "assets", _ROOT / "assets" / package  # installed wheel, checkout


def asset(name: str, package: str = "facecam") -> Path:
    """Path of a shipped file, such as `asset("faceboxes.onnx")` or `asset("sagan64.onnx", "sagan_gallery")`.

    The path is returned whether or not the file exists: what its absence means is the caller's to say.
    """
    installed, checkout = _places(package)
    for place in (installed, checkout):
        path = place / name
        if path.exists():
            return path
    return checkout / name if checkout.is_dir() else installed / name


def is_shipped(path: Path) -> bool:
    """Whether a file lies among those that come with the program."""
    return path.absolute().parent in (*_places("facecam"), *_places("sagan_gallery"))


INT8_INFIX = "-int8-"
"""Stands in the name of an int8 network between that of the network which it was made from and that of the runtime."""


def shipped_models() -> list[str]:
    """Names of the detectors that come with the program, as `FaceDetector(model=...)` takes them."""
    names = {path.stem for place in _places("facecam") for path in place.glob("*.onnx")}
    return sorted(name for name in names if name.partition(INT8_INFIX)[0] not in names - {name})


@lru_cache(maxsize=1)
def shipped_hashes() -> frozenset[str]:
    """The SHA-256 of each of their files: a file from elsewhere may say that it is one of them."""
    return frozenset(hashlib.sha256(asset(f"{name}.onnx").read_bytes()).hexdigest() for name in shipped_models())
