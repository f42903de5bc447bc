"""Where the files that come with the program lie: weights and demo pictures."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_PLACES = (_PACKAGE / "assets", _PACKAGE.parent / "assets" / "facecam")  # installed wheel, checkout


def asset(name: str) -> Path:
    """Path of a shipped file, such as `asset("faceboxes.onnx")` or `asset("demo/hopper.jpg")`.

    The path is returned whether or not the file exists: what its absence means is the caller's to say.
    """
    for place in _PLACES:
        path = place / name
        if path.exists():
            return path
    return _PLACES[1] / name if (_PLACES[1].is_dir()) else _PLACES[0] / name


INT8_INFIX = "-int8-"
"""Stands in the name of an int8 network between that of the network which it was made from and that of the runtime."""


def shipped_models() -> list[str]:
    """Names of the detectors that come with the program, as `FaceDetector(model=...)` takes them."""
    names = {path.stem for place in _PLACES for path in place.glob("*.onnx")}
    return sorted(name for name in names if name.partition(INT8_INFIX)[0] not in names - {name})
