"""Gathers what `train.faceboxes.evaluate` measured into the figures of a model card.

    python -m train.faceboxes.protocols.card_figures OUT --threshold 0.8 --json figures.json

OUT: the folder that `canvas`, `calibrate` and `clips` of one model were written to, and `afw` if it was measured. The
file goes to `--metrics` of `train.faceboxes.export` or `train.faceboxes.quantise`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from train.training import TrainingError, run_command

CURVE = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
"""Thresholds of which the card tells what they would bring."""

SIZES = ("under 16 px", "16 to 32 px", "32 to 64 px", "over 64 px")
AT_THRESHOLD = {
    "recall": "recall",
    "recall >= 32 px": "recall_32px",
    "precision": "precision",
    "false boxes per 100 face-free photos": "false_per_100_photos",
}
ON_CLIPS = {
    "share of frames lost": "lost",
    "other boxes per frame": "other",
    "jitter of centre, %": "jitter_centre",
    "jitter of size, %": "jitter_size",
}


def figures(folder: Path, threshold: float) -> dict[str, Any]:
    """The card's figures by name. Raises TrainingError where something was not measured, or not of one model."""
    models: set[str] = set()

    def measured(protocol: str) -> dict[str, Any]:
        path = folder / f"{protocol}.json"
        if not path.is_file():
            raise TrainingError(
                f"{path} is missing: run python -m train.faceboxes.evaluate {protocol} with --out first."
            )
        report = json.loads(path.read_text(encoding="utf-8"))
        models.add(report["model"]["sha256"])
        results: dict[str, Any] = report["results"]
        return results

    canvas, clips = measured("canvas")["640x480"], measured("clips")
    curve = measured("calibrate")["curve"]

    def at(score: float) -> dict[str, float]:
        row: dict[str, float] = min(curve, key=lambda row: abs(row["threshold"] - score))
        return row

    def on_clips(name: str) -> dict[str, float]:
        if name not in clips:
            raise TrainingError(f"The clips were not measured at {threshold:g}: run evaluate clips with --threshold.")
        return {words: clips[name]["all clips"][key] for words, key in ON_CLIPS.items()}

    found: dict[str, Any] = {
        "AP on WIDER_val 0--human, letterboxed into 640x480": canvas["ap"],
        "AP by face size": dict(zip(SIZES, canvas["ap_by_size"].values(), strict=True)),
        "AP by source": canvas["ap_by_source"],
    }
    if "by_group" in canvas:
        found["faces from 20 px with a mask, and without: AP, recall at 50 false boxes"] = {
            name: f"{group['ap']:.3f}, {group['recall_at_50_false']:.3f}" for name, group in canvas["by_group"].items()
        }
    found["recall at 50 false boxes"] = canvas["recall_at_50_false"]
    if (folder / "afw.json").is_file():
        afw = measured("afw")
        found[f"AP on AFW ({afw['pictures']} pictures)"] = {
            "own size": afw["x 1, as detected"]["ap"],
            "own size, calibrated": afw["x 1, calibrated"]["ap"],
            "letterboxed into 640x480": afw["640x480"]["ap"]["all"],
        }
    found["at the default threshold"] = {words: at(threshold)[key] for words, key in AT_THRESHOLD.items()}
    order = ("false_per_100_photos", "recall", "recall_32px", "precision")
    found["at threshold (false boxes per 100 face-free photos, recall, recall >= 32 px, precision)"] = {
        f"{score:.2f}": "{:.1f}, {:.3f}, {:.3f}, {:.3f}".format(*(at(score)[key] for key in order)) for score in CURVE
    }
    for tracked in ("", ", tracked"):
        name = f"score {threshold:g}{tracked}"
        found[f"webcam clips, {name} (own track as reference)"] = on_clips(name)
    if len(models) > 1:
        raise TrainingError(
            f"{folder} holds figures of {len(models)} models: measure one again, into a folder of its own."
        )
    return found


def main(argv: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="OUT")
    parser.add_argument("--threshold", type=float, required=True, help="the default threshold of the model")
    parser.add_argument("--json", type=Path, required=True, help="file to write")
    args = parser.parse_args(argv)
    text = json.dumps(figures(args.folder, args.threshold), indent=1)
    args.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    run_command(main)
