"""`facecam detect`: its options, and what is done with them."""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from facecam.batch.batch import Batch
from facecam.batch.hider import FaceHider
from facecam.batch.parallel import DetectorPool
from facecam.cli.exits import EXIT_WRONG_INPUT
from facecam.cli.options import detector_options
from facecam.cli.progress import Bar, quiet_libraries
from facecam.cli.values import fraction, jobs, seconds, size
from facecam.detection.detector import FaceDetector
from facecam.detection.options import DetectorOptions
from facecam.errors import FacecamError
from facecam.faces.privacy import Hiding, PrivacyOptions
from facecam.system.cpu import pinned


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds them to the command's parser, beside those of the detector."""
    parser.set_defaults(run=detect)
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="picture, folder, video, URL, camera number, demo")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for copies with the faces drawn in")
    parser.add_argument(
        "--hide", choices=[way.value for way in Hiding], help="hide the faces in the copies, instead of drawing boxes"
    )
    parser.add_argument(
        "--padding",
        type=fraction,
        default=PrivacyOptions().padding,
        help="what is hidden around a face, in shares of its size (default: %(default)s)",
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="one JSON object per picture or frame (.jsonl; -: standard output)"
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="one row per face (-: standard output)")
    parser.add_argument(
        "--size",
        type=size,
        default=DetectorOptions.size,
        metavar="WxH",
        help="larger pictures are scaled down to this, or `native` (default: 640x480)",
    )
    parser.add_argument(
        "--seconds",
        type=seconds,
        default=argparse.SUPPRESS,
        help="stop each source after this time (streams, cameras and the demo go on until Ctrl+C)",
    )
    parser.add_argument(
        "--jobs",
        type=jobs,
        default=1,
        metavar="N",
        help="processes for the pictures of folders, one core each (default: 1)",
    )


def detect(arguments: argparse.Namespace) -> int:
    """The command. Raises FacecamError."""
    options = replace(detector_options(arguments), size=arguments.size)
    detector = FaceDetector(options)
    hider = None
    if arguments.hide is not None:
        if arguments.out is None:
            raise FacecamError("--hide is for copies; name a folder for them with --out.")
        hider = FaceHider(PrivacyOptions(Hiding(arguments.hide), arguments.padding), detector.threshold)
        detector.threshold = hider.detector_threshold
        options = replace(options, threshold=hider.detector_threshold)
    has_outputs = any((arguments.json, arguments.csv, arguments.out))
    if arguments.jobs > 1 and arguments.core is not None:
        raise FacecamError("--core is for one process; leave it out with --jobs, which uses one core for each.")
    pool = DetectorPool(arguments.jobs, options, arguments.out is not None) if arguments.jobs > 1 else None
    with quiet_libraries() as stderr, Bar(stderr, print_results=not has_outputs) as bar:
        batch = Batch(
            arguments.sources,
            detector,
            bar,
            json_path=arguments.json,
            csv_path=arguments.csv,
            out_dir=arguments.out,
            seconds=getattr(arguments, "seconds", None),
            pool=pool,
            hider=hider,
        )
        try:
            with nullcontext() if arguments.core is None else pinned(arguments.core):
                batch.run()
        finally:  # also after Ctrl+C: what was done is on disk, and this says how much
            if pool is not None:
                pool.close()
            bar.total(batch.summary)
    return EXIT_WRONG_INPUT if batch.summary.failed else 0
