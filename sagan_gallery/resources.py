"""Where the files that come with the gallery lie: the weights of the generator and of its discriminator."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_PLACES = (_PACKAGE / "assets", _PACKAGE.parent / "assets" / "sagan_gallery")  # installed wheel, checkout


def asset(name: str) -> Path:
    """Path of a shipped file, such as `asset("sagan64.onnx")`; a missing one is the caller's to tell of."""
    for place in _PLACES:
        path = place / name
        if path.exists():
            return path
    return _PLACES[1] / name if _PLACES[1].is_dir() else _PLACES[0] / name
