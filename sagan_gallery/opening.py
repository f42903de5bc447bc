"""What comes with a generator to begin with: samples chosen by measure, and directions of its latents to play in.

A small file beside the generator's, which `train.sagan.opening` writes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facecam.arrays import Array
from facecam.errors import FacecamError
from sagan_gallery.generator import Generator
from sagan_gallery.latent import SampleSpec, latent, parse_sample_text


@dataclass(frozen=True)
class Opening:
    """specs: the samples, empty where none come with the generator; directions: (D, z_dim) float32 unit vectors, along
    which pictures change most, the strongest one first."""

    specs: list[SampleSpec]
    directions: Array


def opening_file(model: Path) -> Path:
    """Where the opening of a generator's file is: `name.opening.json` beside `name.onnx`."""
    return model.with_suffix(".opening.json")


def read_opening(generator: Generator) -> Opening:
    """The opening of a generator. Where there is none, or where it is damaged or another generator's, it has no samples
    and two directions at random."""
    random = np.stack([latent(seed, generator.z_dim) for seed in (1, 2)])
    none = Opening([], random / np.linalg.norm(random, axis=1, keepdims=True))
    try:
        found = json.loads(opening_file(generator.path).read_text(encoding="utf-8"))
        specs = [parse_sample_text(text) for text in found["samples"]]
        directions = np.asarray(found["directions"], np.float32).reshape(-1, generator.z_dim)
    except (OSError, ValueError, KeyError, TypeError, FacecamError):
        return none
    ours = all(spec.model_hash == generator.model_hash and spec.label in [*generator.classes, None] for spec in specs)
    return Opening(specs, directions if len(directions) else none.directions) if ours else none
