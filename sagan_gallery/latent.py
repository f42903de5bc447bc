"""Latents from seeds, interpolation between them, and the short text from which a sample can be made again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from facecam.arrays import Array
from facecam.errors import FacecamError

MAX_SEED = 2**31 - 1
"""As far as a spin box counts: a sample text that is read can be shown."""
TRUNCATIONS = (0.0, 1.5)
"""The smallest and the largest of a sample text, which has hundredths."""


def latent(seed: Any, z_dim: int = 128) -> Array:
    """(z_dim,) float32, standard normal; the same for the same seed on every system and in every version. Raises
    FacecamError for what is no seed."""
    try:
        number = int(seed)
    except (TypeError, ValueError, OverflowError):
        number = -1
    if not 0 <= number <= MAX_SEED:
        raise FacecamError(f"A seed is a whole number from 0 to {MAX_SEED}, not {seed}.")
    # RandomState is old on purpose: it is the one stream that NumPy promises never to change.
    return np.random.RandomState(number).standard_normal(z_dim).astype(np.float32)


def slerp(a: Array, b: Array, t: float) -> Array:
    """Spherical interpolation of two latents (D,) float32, with the length going evenly from one to the other.

    t: 0..1, from a to b.

    A straight line would pass through short latents, which the generator has never seen.
    """
    length_a, length_b = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if length_a == 0 or length_b == 0:
        return ((1 - t) * a + t * b).astype(np.float32)
    unit_a, unit_b = a / length_a, b / length_b
    angle = float(np.arccos(np.clip(unit_a @ unit_b, -1, 1)))
    length = (1 - t) * length_a + t * length_b
    if np.sin(angle) < 1e-6:  # the same direction, or opposite ones, between which no arc is the shortest
        return ((1 - t) * a + t * b).astype(np.float32)
    direction = (np.sin((1 - t) * angle) * unit_a + np.sin(t * angle) * unit_b) / np.sin(angle)
    return (length * direction).astype(np.float32)


@dataclass(frozen=True)
class SampleSpec:
    """What makes a sample again; as `str` the sample text, such as `sagan64:ab12cd34 seed=42 class=tabby trunc=0.70`.

    model: its name.
    model_hash: the first eight hexadecimal digits of its file's SHA-256.
    seed: of the latent, 0 to `MAX_SEED`.
    label: name of the class, None where there are none.
    truncation: what the latent is multiplied by.
    """

    model: str
    model_hash: str
    seed: int
    label: str | None = None
    truncation: float = 1.0

    def __str__(self) -> str:
        named = "" if self.label is None else f" class={self.label}"
        return f"{self.model}:{self.model_hash} seed={self.seed}{named} trunc={self.truncation:.2f}"


_SAMPLE_TEXT = re.compile(
    r"(?P<model>\S+):(?P<hash>[0-9a-f]{8})\s+seed=(?P<seed>\d+)"
    r"(?:\s+class=(?P<label>.+?))?(?:\s+trunc=(?P<trunc>\d+(?:\.\d{1,2})?))?"
)


def parse_sample_text(text: str) -> SampleSpec:
    """Reads a sample text; raises FacecamError where it is none."""
    found = _SAMPLE_TEXT.fullmatch(text.strip())
    if found is None:
        raise FacecamError("This is no sample text; one looks like `sagan64:ab12cd34 seed=42 class=tabby trunc=0.70`.")
    seed, truncation = int(found["seed"]), float(found["trunc"] or 1.0)
    if seed > MAX_SEED:
        raise FacecamError(f"The seed {seed} is too large; seeds go up to {MAX_SEED}.")
    low, high = TRUNCATIONS
    if not low <= truncation <= high:
        raise FacecamError(f"The truncation {truncation:g} is out of range; it lies between {low:g} and {high:g}.")
    return SampleSpec(found["model"], found["hash"], seed, found["label"], truncation)
