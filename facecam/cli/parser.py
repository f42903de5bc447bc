"""The parser of the command line, with all commands."""

from __future__ import annotations

import argparse
from pathlib import Path

from facecam.cli import commands
from facecam.cli.bench import add_options as add_bench_options
from facecam.cli.detect import add_options as add_detect_options
from facecam.cli.mistakes import Parser
from facecam.cli.options import add_detector_options, add_verbose
from facecam.cli.values import seconds
from facecam.runtimes.engine import Runtime, version
from facecam.runtimes.providers import CPU


def make_parser() -> argparse.ArgumentParser:
    """What it parses has `run`, the command's function, which takes all of it and gives the exit status."""
    parser = Parser(
        prog="facecam",
        description="Live face detection on one CPU core. Without a command it opens the window.",
    )
    add_detector_options(parser, live=True)
    parser.set_defaults(run=commands.window, model=None, threshold=None, core=None, verbose=False)
    parser.set_defaults(runtime=Runtime.AUTO, precision=None, threads=1, provider=CPU)
    parser.add_argument("--version", action="version", version=f"facecam {version('facecam') or '(not installed)'}")
    parser.add_argument(
        "--source",
        default="auto",
        help="auto, demo, a camera's number, screen, a file, a folder, or a URL (default: auto)",
    )
    parser.add_argument("--headless", action="store_true", help="no window: print the rates each second")
    parser.add_argument(
        "--seconds", type=seconds, help="headless: how long to run; 0: until the source ends (default: 10)"
    )
    parser.add_argument(
        "--record", type=Path, metavar="FILE", help="headless: write what is seen to a video, .mp4 or .mkv"
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND")
    parser.commands = subparsers.choices

    detect = subparsers.add_parser(
        "detect",
        help="find faces in pictures, folders, videos and streams",
        description="Finds faces in pictures, folders, videos and streams, and prints or writes them.",
    )
    add_detector_options(detect)
    add_detect_options(detect)

    bench = subparsers.add_parser(
        "bench",
        help="measure the speed on one core of this machine",
        description="Measures the speed on one pinned core, in turns: networks, runtimes, precisions, numbers of "
        "faces, sizes, and the gallery's generator.",
    )
    add_detector_options(bench, several=True)
    add_bench_options(bench)

    cameras = subparsers.add_parser("cameras", help="list the connected cameras", description="Lists the cameras.")
    add_verbose(cameras)
    cameras.set_defaults(run=commands.cameras)

    doctor = subparsers.add_parser(
        "doctor",
        help="look for trouble, and print what a bug report needs",
        description="Looks at versions, the window's system, cameras, the processor and the models, and gives hints.",
    )
    doctor.add_argument("--json", action="store_true", help="as one JSON object")
    doctor.add_argument("--model", default=argparse.SUPPRESS, help="look at this model too")
    add_verbose(doctor)
    doctor.set_defaults(run=commands.doctor)

    reset = subparsers.add_parser(
        "reset-settings",
        help="forget what the window remembers",
        description="Forgets what the window remembers, so that it starts as it did the first time.",
    )
    add_verbose(reset)
    reset.set_defaults(run=commands.reset_settings)
    return parser
