"""Makes all that ships of a trained detector: its file, those in int8, and a card beside each.

    python -m train.faceboxes.ship runs/faceboxes/00000-faceboxes/last.pt --faces ../shared/data/faces \\
        --clips ../shared/data/video --data "what it was trained on" --licence "..." --recipe "..."

The checkpoint may be an exported file, too, which is then calibrated and measured anew. Nothing is chosen by hand: on
the pictures of the first of `--events` a curve is fitted that makes a score the share of such boxes that are faces, and
goes into the weights; the default threshold is the lowest that face-free photos and clips allow
(`train.faceboxes.protocols.threshold`). What the cards say is measured with the files that ship.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from facecam.detection.model import load_model
from facecam.detection.options import DetectorOptions
from facecam.runtimes.engine import RUNTIMES, Precision
from train.faceboxes.export import Provenance, card, current_commit, export_fast, load_trained, with_score_curve
from train.faceboxes.model import Detector
from train.faceboxes.protocols.canvas import face_curve_on
from train.faceboxes.protocols.card import Material, Measured
from train.faceboxes.protocols.pictures import FileDetector
from train.faceboxes.protocols.threshold import fit_scores
from train.faceboxes.quantise import COUNT, quantise, training_pictures, with_figures
from train.faceboxes.reuse import network_of_onnx
from train.training import TrainingError, all_or_none, command


def ship(net: Detector, provenance: Provenance, material: Material, training: list[Path], out: Path) -> list[Path]:
    """Writes the files and their cards into a folder, all at the end; returns the files. provenance: its threshold,
    curve and figures are found here. training: pictures that int8 finds its ranges on."""
    with all_or_none(out) as folder:
        path = folder / f"{net.name}.onnx"
        export_fast(net, path, provenance)
        found = material.found_on(FileDetector(DetectorOptions(path)), material.events[0])
        curve = fit_scores(face_curve_on(found))
        with_score_curve(net, *curve)
        export_fast(net, path, provenance)
        measured = Measured(FileDetector(DetectorOptions(path)), material)
        threshold = measured.thresholds.chosen().threshold
        provenance = replace(
            provenance, threshold=threshold, metrics=measured.figures(threshold), score_curve=curve,
            false_share=measured.false_share(),
        )  # fmt: skip
        export_fast(net, path, provenance)
        path.with_suffix(".md").write_text(card(net, provenance, path.stat().st_size), encoding="utf-8")
        paths = [path]
        for runtime in RUNTIMES:
            rounded = quantise(path, training, runtime)
            detect = FileDetector(DetectorOptions(path, runtime=runtime, precision=Precision.INT8))
            with_figures(rounded, Measured(detect, material).figures(threshold))
            paths.append(rounded)
    return [out / made.name for made in paths]


def _source(args: argparse.Namespace) -> tuple[Detector, Provenance]:
    """The network and what is known about it: of a checkpoint, or of an exported file."""
    said = {"data": "not stated", "licence": "not stated", "recipe": ""}
    if args.checkpoint.suffix == ".onnx":
        net = network_of_onnx(args.checkpoint)
        said |= {name: str(value) for name, value in load_model(args.checkpoint).metadata.items() if name in said}
    else:
        net, _ = load_trained(args.checkpoint)
    said |= {name: value for name in said if (value := getattr(args, name)) is not None}
    if not said["recipe"]:
        raise TrainingError("The card says how a network was trained: pass --recipe.")
    return net, Provenance(said["data"], said["licence"], current_commit(), said["recipe"], 0.5, {})


@command
def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, help="of train.faceboxes.train or average, or an exported file")
    parser.add_argument("--faces", type=Path, required=True, help="pictures in the WIDER FACE layout")
    parser.add_argument("--clips", type=Path, required=True, help="a folder of videos of one face each")
    parser.add_argument("--events", default="2--web,0--human", help="measured on; curve and threshold on the first")
    parser.add_argument("--out", type=Path, default=Path("assets/facecam"), help="folder for the files and cards")
    parser.add_argument("--count", type=int, default=COUNT, help=f"pictures looked at for int8 (default: {COUNT})")
    parser.add_argument("--data", help="for the card; of an exported file: its own")
    parser.add_argument("--licence", help="the same")
    parser.add_argument("--recipe", help="the same: sentences on the training")
    args = parser.parse_args(argv)
    net, provenance = _source(args)
    material = Material.read(args.faces, args.clips, args.events.split(","))
    training = training_pictures(args.faces / "WIDER_train" / "images", args.count)
    for path in ship(net, provenance, material, training, args.out):
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, see {path.with_suffix('.md').name}")


if __name__ == "__main__":
    sys.exit(main())
