"""Writes the model card of an exported generator, with its sample grid.

    python -m train.sagan.card assets/sagan_gallery/sagan64.onnx --shapes runs/sagan64-shapes.json

Everything in the card comes out of the ONNX file's own metadata and the JSON of `train.sagan.shapes`; the grid is drawn
by the file itself, so it shows what the gallery will show: generated pictures only.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from facecam.arrays import Image
from sagan_gallery.generator import Generator
from train.sheets import save_picture, sheet
from train.training import command, figures_table


def sample_grid(generator: Generator, truncation: float) -> Image:
    """RGB (rows * R, 8 R, 3): a row for each class, latents of seed 1."""
    random = np.random.default_rng(1)
    rows = []
    for label in range(max(1, len(generator.classes))):
        z = random.standard_normal((8, generator.z_dim), np.float32) * np.float32(truncation)
        rows.append(generator.pictures(z, [label] * 8))
    return sheet(list(np.concatenate(rows)), 8)


def per_class_table(figures: dict[str, dict[str, float]]) -> str:
    """The figures per class, a row for each."""
    lines = ["| class | samples | FID | floor | accuracy |", "|---|---|---|---|---|"]
    for name, row in figures.items():
        values = " | ".join(f"{row[key]:.2f}" for key in ("FID", "floor", "accuracy"))
        lines.append(f"| `{name}` | {row['samples']} | {values} |")
    return "\n".join(lines)


def card(about: dict[str, Any], file_name: str, picture: str, shapes: dict[str, Any]) -> str:
    """The text of the card."""
    metrics = dict(about.get("metrics") or {})
    parts = [
        f"# {about['name']}",
        f"`{file_name}`: the generator of a Self-Attention GAN (Zhang et al. 2018, arXiv 1805.08318), "
        f"{about['resolution']} x {about['resolution']} pixels, trained by `train/sagan` of this project.",
        f"**Data:** {about['data'] or 'not stated'}. The pictures themselves are not part of the project.",
        f"**Terms of use of the weights:** {about['licence'] or 'not stated'}.",
    ]
    if about.get("training"):
        parts.append(f"**Training:** {about['training']}")
    if about.get("commit"):
        parts.append(f"**Code:** commit {about.get('commit')}.")
    parts += [
        f"![Generated samples]({picture})",
        "Generated samples, one row per class: truncation 1 on the left, 0.7 on the right.",
        "## Figures",
        "`own features`: computed on the features of a small classifier trained on the same pictures, with another "
        "seed and widths than any classifier used in training. They compare generators within this project, and "
        "flatter pictures whose texture is right before their shapes are; they are no published FID.",
    ]
    for name in [n for n in metrics if n.startswith("per class")]:
        parts.append(per_class_table(metrics.pop(name)))
    if metrics:
        parts.append(figures_table(metrics, "figure", ".4g"))
    if shapes:
        parts += [
            "## Do the attention maps follow shapes?",
            "See `train/sagan/shapes.py` for what is measured.",
            figures_table(shapes, "figure", ".4g"),
        ]
    return "\n\n".join(parts) + "\n"


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="an exported generator; the card goes beside it")
    parser.add_argument("--shapes", type=Path, help="JSON of python -m train.sagan.shapes")
    args = parser.parse_args(argv)
    generator = Generator(args.model)
    grids = [sample_grid(generator, truncation) for truncation in (1.0, 0.7)]
    gap = np.full((grids[0].shape[0], 16, 3), 255, np.uint8)
    picture = args.model.with_suffix(".jpg")
    save_picture(picture, np.concatenate([grids[0], gap, grids[1]], axis=1))
    shapes = json.loads(args.shapes.read_text(encoding="utf-8")) if args.shapes else {}
    text = card(generator.metadata, args.model.name, picture.name, shapes)
    args.model.with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(command(main)())
