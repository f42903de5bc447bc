"""Evaluate a face detector by the protocols of the benchmarks, and by the project's own measures.

    python -m train.faceboxes.evaluate canvas LABELS.txt IMAGES --model M.onnx --out DIR

LABELS.txt is a WIDER FACE text ground truth. The commands and what they take before `--model`:

    canvas LABELS.txt IMAGES [--event 0--human --event 3--none]                      the project's own measure
    wider LABELS.txt IMAGES [--subsets FOLDER_OF_MAT_LISTS] [--enlarge 2]
    fddb FDDB-folds originalPics [--enlarge 3]
    afw LABELS IMAGES, pascal LABELS IMAGES [--enlarge 2.5]
    clips FOLDER                                                                     webcam behaviour
    privacy FOLDER [--rate 10] [--together]                                          faces left in view, of clips
    robustness LABELS.txt IMAGES                                                     sizes, and changed copies

Every command writes DIR/<command>.json, and the curves beside it as PNG. M.onnx may be an Ultra-Light or a YuNet, too.
What a card says of a file that ships is measured by `train.faceboxes.ship`.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from facecam.bench.voc import Curve
from facecam.bench.wider_labels import Labelled, read_wider
from facecam.detection.detector import FaceDetector
from facecam.detection.model import find_model
from facecam.detection.options import DetectorOptions
from facecam.errors import FacecamError
from facecam.faces.privacy import PrivacyOptions
from facecam.faces.tracking import TrackingOptions
from facecam.live.options import LiveOptions
from facecam.runtimes.engine import PRECISION_CHOICES, RUNTIME_CHOICES, Precision, Runtime
from train.faceboxes.protocols import afw_pascal, fddb, privacy, webcam, wider
from train.faceboxes.protocols.canvas import VGA, run_canvas, score
from train.faceboxes.protocols.pictures import FileDetector, enlarged, pictures
from train.faceboxes.protocols.plots import plot_precision_recall, plot_roc
from train.faceboxes.protocols.robustness import CHANGES, SIZES
from train.training import command, tell_figures

SCHEMA = 1


def run_canvas_command(args: argparse.Namespace, detect: FileDetector) -> dict[str, Any]:
    report = score(run_canvas(detect, _labelled(args), progress=True))
    plot_precision_recall({_name(VGA): report.curve}, f"{args.label}, letterboxed", args.out / "canvas_pr.png")
    return {_name(VGA): report.to_json()}


def run_wider(args: argparse.Namespace, detect: FileDetector) -> dict[str, Any]:
    items = wider.read_subsets(args.subsets, args.images) if args.subsets else wider.by_height(_labelled(args))
    found = [enlarged(detect, image, args.enlarge) for image in pictures((item.path for item in items), progress=True)]
    curves = wider.wider_curves(found, items)
    plot_precision_recall(curves, f"WIDER FACE val, {args.label}", args.out / "wider_pr.png")
    areas = {name: {"ap": curve.average_precision, "faces": curve.faces} for name, curve in curves.items()}
    return {"size": f"original x {args.enlarge:g}", "pictures": len(items)} | areas


def run_fddb(args: argparse.Namespace, detect: FileDetector) -> dict[str, Any]:
    items = fddb.read_folds(args.labels, args.images)
    measured = []
    for item, image in zip(items, pictures((item.path for item in items), progress=True), strict=True):
        height, width = image.shape[:2]
        measured.append(fddb.overlaps(enlarged(detect, image, args.enlarge), item.ellipses, width, height))
    curve = fddb.roc(measured)
    plot_roc(curve, f"FDDB x {args.enlarge:g}, {args.label}", args.out / "fddb_roc.png")
    rates = {str(count): curve.at_false(count) for count in (100, 500, 1000, 2000)}
    return {
        "enlarge": args.enlarge,
        "pictures": len(items),
        "faces": curve.faces,
        "true_positive_rate_at_false_positives": {
            count: {"discrete": discrete, "continuous": continuous} for count, (discrete, continuous) in rates.items()
        },
    }


def run_faces(args: argparse.Namespace, detect: FileDetector) -> dict[str, Any]:
    """AFW and PASCAL face."""
    items = afw_pascal.read_labels(args.labels, args.images)
    results: dict[str, Any] = {"pictures": len(items)}
    curves: dict[str, Curve] = {}
    for enlarge in sorted({1.0, args.enlarge}):
        found = [enlarged(detect, image, enlarge) for image in pictures((item.path for item in items), progress=True)]
        for rounds in (0, afw_pascal.ROUNDS):
            name = f"x {enlarge:g}, {'calibrated' if rounds else 'as detected'}"
            curves[name], adjustments = afw_pascal.face_curve(found, items, rounds)
            results[name] = {"ap": curves[name].average_precision, "faces": curves[name].faces}
            results[name]["calibration"] = [vars(adjustment) for adjustment in adjustments]
    report = score(run_canvas(detect, items, progress=True))
    curves[_name(VGA)], results[_name(VGA)] = report.curve, report.to_json()
    plot_precision_recall(curves, f"{args.command.upper()}, {args.label}", args.out / f"{args.command}_pr.png")
    return results


def run_clips(args: argparse.Namespace, detect: FileDetector) -> dict[str, Any]:
    files = webcam.clip_files(args.images)
    clips = {}
    for file in tqdm(files, unit="clip"):
        found = webcam.run_clip(detect, file)
        clips[file.name] = found, webcam.reference_track(found)
    results: dict[str, Any] = {"reference": "its own track, median-smoothed"}
    for threshold in sorted({0.5, 0.7, detect.threshold} if args.threshold is None else {args.threshold}):
        each = {name: vars(webcam.measure_clips([clip], threshold)) for name, clip in clips.items()}
        together = vars(webcam.measure_clips(list(clips.values()), threshold))
        results[f"score {threshold:g}"] = {"all clips": together} | each
        options = TrackingOptions()
        tracked = [(webcam.track(found, threshold, options), face) for found, face in clips.values()]
        results[f"score {threshold:g}, tracked"] = {"all clips": vars(webcam.measure_clips(tracked, threshold))}
    return results


def run_privacy(args: argparse.Namespace, detect: FileDetector) -> dict[str, Any]:
    threshold = detect.threshold if args.threshold is None else args.threshold
    clips: list[privacy.Clip] = []
    for file in webcam.clip_files(args.images, (*webcam.CLIP_SUFFIXES, ".gif")):
        frames = list(webcam.read_clip(file))
        clips.append((frames, webcam.reference_tracks([detect(frame.image) for frame in frames], threshold)))
    if args.together:
        alike = [clip for clip in clips if clip[0][0].image.shape == clips[0][0][0].image.shape]
        clips = [privacy.together(alike[first : first + 4]) for first in range(0, len(alike) - 3, 4)]
    if args.rate:
        clips = [privacy.at_most(clip, args.rate) for clip in clips]
    options = LiveOptions(args.threshold, tracking=TrackingOptions(), privacy=PrivacyOptions())
    detector = FaceDetector(
        DetectorOptions(str(args.model), args.threshold, runtime=args.runtime, precision=args.precision)
    )
    results: dict[str, Any] = {"clips": len(clips), "faces": sum(tracks.shape[1] for _, tracks in clips)}
    for name, change in tqdm(privacy.CHANGES.items(), unit="change"):
        results[name] = vars(privacy.measure(clips, change, lambda: privacy.finder(detector, options)))
    return results


def run_robustness(args: argparse.Namespace, detect: FileDetector) -> dict[str, Any]:
    labelled = _labelled(args)
    results = {}
    for size in SIZES:
        results[_name(size)] = score(run_canvas(detect, labelled, size, progress=True)).to_json()
    for name, change in CHANGES.items():
        results[name] = score(run_canvas(detect, labelled, change=change, progress=True)).to_json()
    return results


COMMANDS: Mapping[str, Callable[[argparse.Namespace, FileDetector], dict[str, Any]]] = {
    "canvas": run_canvas_command,
    "wider": run_wider,
    "fddb": run_fddb,
    "afw": run_faces,
    "pascal": run_faces,
    "clips": run_clips,
    "privacy": run_privacy,
    "robustness": run_robustness,
}


@command
def main(argv: Sequence[str] | None = None) -> None:
    args = _parser().parse_args(argv)
    args.model = find_model(args.model)  # a shipped model may be named
    detect = FileDetector(DetectorOptions(args.model, runtime=args.runtime, precision=args.precision))
    args.label = args.label or args.model.stem
    args.out.mkdir(parents=True, exist_ok=True)
    results = COMMANDS[args.command](args, detect)
    model = {"file": args.model.name, "sha256": hashlib.sha256(args.model.read_bytes()).hexdigest()}
    report = {"schema": SCHEMA, "protocol": args.command, "model": model, "results": results}
    tell_figures(report, args.out / f"{args.command}.json")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m train.faceboxes.evaluate", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name in COMMANDS:
        one = commands.add_parser(name)
        if name not in ("clips", "privacy"):
            one.add_argument("labels", type=Path, help="ground truth: a file, or FDDB's folder of folds")
        one.add_argument("images", type=Path, help="the folder of pictures, or of clips")
        one.add_argument("--model", type=Path, required=True, help="an ONNX file")
        one.add_argument("--runtime", choices=RUNTIME_CHOICES, default=Runtime.AUTO, help="of our own detector")
        one.add_argument("--precision", choices=PRECISION_CHOICES, default=Precision.F32, help="of our own detector")
        one.add_argument("--out", type=Path, required=True, help="folder for JSON and plots")
        one.add_argument("--label", help="name of the detector in the plots; default: the file's")
        if name in ("canvas", "wider", "robustness"):
            one.add_argument("--event", action="append", help="only this event; may be given again")
        if name in ("wider", "fddb", "afw", "pascal"):
            default = {"pascal": 2.5}.get(name, 1.0)
            one.add_argument("--enlarge", type=_positive, default=default, help=f"default {default:g}")
        if name in ("clips", "privacy"):
            one.add_argument("--threshold", type=float, help="default: the model's own")
    commands.choices["wider"].add_argument(
        "--subsets", type=Path, help="folder of the official .mat lists, used instead of LABELS"
    )
    commands.choices["privacy"].add_argument(
        "--rate", type=_positive, metavar="HZ", help="no more pictures a second, as on a slow machine; default: all"
    )
    commands.choices["privacy"].add_argument(
        "--together", action="store_true", help="show four clips at a time, in the quarters of a picture"
    )
    return parser


def _labelled(args: argparse.Namespace) -> list[Labelled]:
    """The pictures of the wanted events."""
    labelled = read_wider(args.labels, args.images)
    there = {item.event for item in labelled}
    missing = sorted(set(args.event or ()) - there)
    if missing:
        raise FacecamError(f"{args.labels} has no event {missing[0]}; it has {', '.join(sorted(there)[:8])}")
    return [item for item in labelled if not args.event or item.event in args.event]


def _name(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 100:
        raise argparse.ArgumentTypeError(f"{text} isn't a number above 0, of 100 at most")
    return value


if __name__ == "__main__":
    sys.exit(main())
