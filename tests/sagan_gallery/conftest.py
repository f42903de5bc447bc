"""Fixtures: tiny generators and discriminators."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sagan_gallery.made import save_tiny_discriminator, save_tiny_generator


@pytest.fixture(scope="session")
def tiny_generator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`tiny.onnx`, 16 px, conditional, with `tiny-d.onnx` beside it."""
    folder = tmp_path_factory.mktemp("sagan")
    save_tiny_discriminator(folder / "tiny-d.onnx")
    return save_tiny_generator(folder / "tiny.onnx")


@pytest.fixture
def make_generator(tmp_path: Path) -> Callable[..., Path]:
    """Writes another tiny generator: `make_generator(size=32, conditional=False)`."""
    return lambda name="made.onnx", **changes: save_tiny_generator(tmp_path / name, **changes)
