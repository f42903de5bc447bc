"""The command line: `facecam` opens the window, `facecam detect` works on files, `facecam doctor` looks for trouble."""

from __future__ import annotations

import argparse
import difflib
import json
import logging
import os
import platform
import re
import sys
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn, TextIO

from tqdm import tqdm

from facecam.batch import Batch, Summary
from facecam.bench.arguments import add_options as add_bench_options
from facecam.cpu import available_cores, can_pin, pinned
from facecam.errors import FacecamError
from facecam.headless import run_headless
from facecam.hider import FaceHider
from facecam.logs import logging_to_file
from facecam.model import DEFAULT_MODEL
from facecam.parallel import DetectorPool, DetectorSettings
from facecam.places import settings_file
from facecam.privacy import Hiding, PrivacyOptions
from facecam.providers import CPU, NAMES
from facecam.runtimes import AUTO, CHOICES, F32, MAX_THREADS, PRECISION_CHOICES
from facecam.settings_file import SettingsFile
from facecam.sources import PICTURE_SUFFIXES, VIDEO_SUFFIXES, list_cameras
from facecam.ui.display import window_problem

EXIT_FAULT = 1
EXIT_WRONG_INPUT = 2
EXIT_INTERRUPTED = 130
_FALLBACK_SECONDS = 10.0
_MAX_JOBS = 256
_THREADS_END_S = 0.3
_SYSTEM = (platform.python_version(), platform.platform())
_logger = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; returns the exit status: 0, 2 for wrong input, 130 after Ctrl+C, 1 for a fault of ours."""
    arguments = _parser().parse_args(argv)
    with logging_to_file(arguments.verbose) as log:
        _logger.info("facecam %s, Python %s, %s: %s", _version(), *_SYSTEM, arguments.run.__name__.strip("_"))
        try:
            return int(arguments.run(arguments))
        except FacecamError as error:
            print(f"facecam: {error}", file=sys.stderr)
            return EXIT_WRONG_INPUT
        except KeyboardInterrupt:
            print("facecam: stopped.", file=sys.stderr)
            return EXIT_INTERRUPTED
        except BrokenPipeError:  # the reader of our output has gone, as in `facecam detect ... | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing more to be flushed at exit
            return 0
        except Exception as error:
            _logger.exception("unexpected error")
            print(
                f"facecam: an error inside the program ({type(error).__name__}: {error}). {log} has the details; "
                "please report them with what `facecam doctor` prints.",
                file=sys.stderr,
            )
            return EXIT_FAULT


def run() -> NoReturn:
    """The process of the command `facecam`: `main`, and an end that no thread can spoil.

    A thread that hangs in a driver is given up when the window closes. Python would tear it out of the library that it
    is in, which ends in an abort; so where one is left, the process ends at once.
    """
    status = main()
    end_s = time.monotonic() + _THREADS_END_S
    while (left := _daemons()) and time.monotonic() < end_s:
        time.sleep(0.01)
    if left:
        _logger.info("threads left at the end: %s", ", ".join(thread.name for thread in left))
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(status)
    sys.exit(status)


def _daemons() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.daemon and thread is not threading.current_thread()]


# Arguments


class _Parser(argparse.ArgumentParser):
    """Tells a mistake in one line. commands: those that there are."""

    commands: Collection[str] = ()

    def error(self, message: str) -> NoReturn:
        unknown = re.match(r"argument COMMAND: invalid choice: '(.*?)' \(", message)
        if unknown is not None:
            message = _not_a_command(unknown[1], list(self.commands))
        self.exit(EXIT_WRONG_INPUT, f"{self.prog}: {message} (`{self.prog} --help` tells more).\n")


def _not_a_command(word: str, commands: list[str]) -> str:
    """What to say to `facecam clip.mp4`, which is meant as a source, and to a mistyped command."""
    names = ("demo", "screen", "auto")
    is_file = Path(word).suffix.lower() in PICTURE_SUFFIXES | VIDEO_SUFFIXES or Path(word).exists()
    if is_file or "://" in word or word.isdecimal() or word.partition(":")[0] in (*names, "camera"):
        return f"to open {word}, type `facecam --source {word}`; to list its faces, `facecam detect {word}`"
    near = difflib.get_close_matches(word, commands, 1, 0.5)
    meant = f"; do you mean {near[0]}?" if near else f"; there are {', '.join(commands[:-1])} and {commands[-1]}"
    return f"there is no command {word}{meant}"


def _add_detector_options(parser: argparse.ArgumentParser) -> None:
    """Options that may stand before and after a command. Without a default of their own, none hides the other."""
    options = parser.add_argument_group("detector", argument_default=argparse.SUPPRESS)
    options.add_argument("--model", help=f"a shipped model's name, or an ONNX file (default: {DEFAULT_MODEL})")
    options.add_argument(
        "--threshold", type=_fraction, help="lowest score that is a face, 0 to 1 (default: the model's)"
    )
    options.add_argument(
        "--runtime", choices=CHOICES, help="what computes the network (default: auto, the faster of those installed)"
    )
    options.add_argument(
        "--precision",
        choices=PRECISION_CHOICES,
        help="of the arithmetic (default: f32; bf16: about twice as fast on processors that have it; auto: the faster)",
    )
    options.add_argument("--threads", type=_threads, help="threads that compute (default: 1, the paper's one core)")
    options.add_argument(
        "--provider", help=f"what ONNX Runtime computes on, where installed: {', '.join(NAMES)} (default: cpu)"
    )
    options.add_argument("--core", type=_core, help="CPU core for the detector (default: a fast one)")
    _add_verbose(parser)


def _add_verbose(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--verbose", action="store_true", default=argparse.SUPPRESS, help="log in detail, on stderr as well"
    )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="facecam",
        description="Live face detection on one CPU core. Without a command it opens the window.",
    )
    _add_detector_options(parser)
    parser.set_defaults(run=_window, model=None, threshold=None, core=None, verbose=False)
    parser.set_defaults(runtime=AUTO, precision=None, threads=1, provider=CPU)
    parser.add_argument("--version", action="version", version=f"facecam {_version()}")
    parser.add_argument(
        "--source",
        default="auto",
        help="auto, demo, a camera's number, screen, a file, a folder, or a URL (default: auto)",
    )
    parser.add_argument("--headless", action="store_true", help="no window: print the rates each second")
    parser.add_argument(
        "--seconds", type=_seconds, help="headless: how long to run; 0: until the source ends (default: 10)"
    )
    parser.add_argument(
        "--record", type=Path, metavar="FILE", help="headless: write what is seen to a video, .mp4 or .mkv"
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    parser.commands = commands.choices

    detect = commands.add_parser(
        "detect",
        help="find faces in pictures, folders, videos and streams",
        description="Finds faces in pictures, folders, videos and streams, and prints or writes them.",
    )
    _add_detector_options(detect)
    detect.set_defaults(run=_detect)
    detect.add_argument("sources", nargs="+", metavar="SOURCE", help="picture, folder, video, URL, camera number, demo")
    detect.add_argument("--out", type=Path, metavar="DIR", help="folder for copies with the faces drawn in")
    detect.add_argument(
        "--hide", choices=[way.value for way in Hiding], help="hide the faces in the copies, instead of drawing boxes"
    )
    detect.add_argument(
        "--padding",
        type=_fraction,
        default=PrivacyOptions().padding,
        help="what is hidden around a face, in shares of its size (default: %(default)s)",
    )
    detect.add_argument(
        "--json", type=Path, metavar="FILE", help="one JSON object per picture or frame (.jsonl; -: standard output)"
    )
    detect.add_argument("--csv", type=Path, metavar="FILE", help="one row per face (-: standard output)")
    detect.add_argument(
        "--size",
        type=_size,
        default=(640, 480),
        metavar="WxH",
        help="larger pictures are scaled down to this, or `native` (default: 640x480)",
    )
    detect.add_argument(
        "--seconds",
        type=_seconds,
        default=argparse.SUPPRESS,
        help="stop each source after this time (streams, cameras and the demo go on until Ctrl+C)",
    )

    bench = commands.add_parser(
        "bench",
        help="measure the speed on one core of this machine",
        description="Measures the speed on one pinned core, in turns: networks, runtimes, precisions, numbers of "
        "faces, sizes, and the gallery's generator.",
    )
    _add_detector_options(bench)
    add_bench_options(bench)

    detect.add_argument(
        "--jobs",
        type=_jobs,
        default=1,
        metavar="N",
        help="processes for the pictures of folders, one core each (default: 1)",
    )

    cameras = commands.add_parser("cameras", help="list the connected cameras", description="Lists the cameras.")
    _add_verbose(cameras)
    cameras.set_defaults(run=_cameras)

    doctor = commands.add_parser(
        "doctor",
        help="look for trouble, and print what a bug report needs",
        description="Looks at versions, the window's system, cameras, the processor and the models, and gives hints.",
    )
    doctor.add_argument("--json", action="store_true", help="as one JSON object")
    doctor.add_argument("--model", default=argparse.SUPPRESS, help="look at this model too")
    _add_verbose(doctor)
    doctor.set_defaults(run=_doctor)

    reset = commands.add_parser(
        "reset-settings",
        help="forget what the window remembers",
        description="Forgets what the window remembers, so that it starts as it did the first time.",
    )
    _add_verbose(reset)
    reset.set_defaults(run=_reset_settings)
    return parser


def _number(text: str, highest: float, otherwise: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= highest:
        raise argparse.ArgumentTypeError(f"{text} {otherwise}")
    return value


def _fraction(text: str) -> float:
    return _number(text, 1.0, "does not lie between 0 and 1")


def _seconds(text: str) -> float:
    return _number(text, 1e9, "is not a number of seconds")


def _core(text: str) -> int:
    if not can_pin():
        raise argparse.ArgumentTypeError("this system can't pin a thread to a core; leave the option out")
    cores = available_cores()
    if not text.isdecimal() or int(text) not in cores:
        raise argparse.ArgumentTypeError(f"there is no core {text} here; there are {', '.join(map(str, cores))}")
    return int(text)


def _jobs(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MAX_JOBS:
        raise argparse.ArgumentTypeError(f"{text} is not a number of processes from 1 to {_MAX_JOBS}")
    return int(text)


def _threads(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_THREADS:
        raise argparse.ArgumentTypeError(f"{text} is not a number of threads from 1 to {MAX_THREADS}")
    return int(text)


def _size(text: str) -> tuple[int, int] | None:
    if text == "native":
        return None
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and min(int(width), int(height)) >= 32):
        raise argparse.ArgumentTypeError(f"{text} is not a size such as 640x480 (at least 32x32), nor `native`")
    return int(width), int(height)


def _version() -> str:
    try:
        return metadata.version("facecam")
    except metadata.PackageNotFoundError:
        return "(not installed)"


# Commands


def _window(arguments: argparse.Namespace) -> int:
    if arguments.headless:
        return _headless(arguments, _FALLBACK_SECONDS if arguments.seconds is None else arguments.seconds)
    problem = window_problem()
    if problem is None:
        try:
            from facecam.ui import app
        except ImportError as error:  # a system library that Qt needs, such as libEGL
            problem = f"Qt can't be loaded ({error})"
        else:
            return app.main(
                arguments.source,
                model=arguments.model,
                threshold=arguments.threshold,
                core=arguments.core,
                runtime=arguments.runtime,
                precision=arguments.precision or F32,
                threads=arguments.threads,
                provider=arguments.provider,
            )
    seconds = _FALLBACK_SECONDS if arguments.seconds is None else arguments.seconds
    print(f"facecam: no window, as {problem}; running without one.", file=sys.stderr)
    return _headless(arguments, seconds)


def _headless(arguments: argparse.Namespace, seconds: float) -> int:
    detector = _settings(arguments, (640, 480)).make()
    say = lambda line: print(line, flush=True)  # noqa: E731
    run_headless(arguments.source, detector, seconds, arguments.core, say, arguments.record)
    return 0


def _cameras(arguments: argparse.Namespace) -> int:
    cameras = list_cameras()
    for camera in cameras:
        print(f"{camera.index}  {camera.name}")
    if not cameras:
        print("No camera found. `facecam --source demo` works without one.")
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    from facecam.doctor.command import examine

    with _quiet_libraries() as stderr:
        bar = tqdm(file=stderr, disable=None, bar_format="{desc} …", leave=False)
        report = examine(arguments.model, lambda title: bar.set_description_str(title))
        bar.close()
    print(json.dumps(report.as_json(), indent=2) if arguments.json else report.as_text(), end="\n" * arguments.json)
    return 0


def _reset_settings(arguments: argparse.Namespace) -> int:
    path = settings_file()
    try:
        existed = path.exists()
        SettingsFile(path).clear()
    except OSError as error:
        raise FacecamError(f"The settings in {path} can't be removed: {error.strerror or error}.") from error
    print(f"The settings in {path} are forgotten." if existed else "There were no settings.")
    return 0


def _settings(arguments: argparse.Namespace, size: tuple[int, int] | None) -> DetectorSettings:
    return DetectorSettings(
        arguments.model,
        arguments.threshold,
        size,
        arguments.runtime,
        arguments.precision or F32,
        arguments.threads,
        arguments.provider,
    )


def _detect(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments, arguments.size)
    detector = settings.make()
    hider = None
    if arguments.hide is not None:
        if arguments.out is None:
            raise FacecamError("--hide is for copies; name a folder for them with --out.")
        hider = FaceHider(PrivacyOptions(Hiding(arguments.hide), arguments.padding), detector.threshold)
        detector.threshold = hider.detector_threshold
        settings = replace(settings, threshold=hider.detector_threshold)
    has_outputs = any((arguments.json, arguments.csv, arguments.out))
    if arguments.jobs > 1 and arguments.core is not None:
        raise FacecamError("--core is for one process; leave it out with --jobs, which uses one core for each.")
    pool = DetectorPool(arguments.jobs, settings, arguments.out is not None) if arguments.jobs > 1 else None
    with _quiet_libraries() as stderr, _Bar(stderr, print_results=not has_outputs) as bar:
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


class _Bar:
    """A progress bar on stderr, where that is a terminal, and results on stdout."""

    def __init__(self, stderr: TextIO, print_results: bool) -> None:
        self._stderr = stderr
        self._print_results = print_results
        self._bar = tqdm(file=stderr, unit="frame", disable=None, dynamic_ncols=True)

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def opened(self, title: str, frame_count: int | None, remaining: int) -> None:
        self._bar.set_description(title[:30], refresh=False)
        # Sources not opened yet count as one frame each; what a video claims about its length is an estimate.
        self._bar.total = None if frame_count is None else self._bar.n + frame_count + remaining
        self._bar.refresh()

    def done(self, result: dict[str, Any], is_picture: bool) -> None:
        self._bar.update()
        if self._print_results:
            boxes = "  ".join("[{:.0f} {:.0f} {:.0f} {:.0f}]".format(*face["box"]) for face in result["faces"])
            count = len(result["faces"])
            where = result["source"] if is_picture else f"{result['source']} {result['time_s']:.2f} s"
            self._say(f"{where}: {count} face{'' if count == 1 else 's'}  {boxes}".rstrip(), sys.stdout)

    def problem(self, sentence: str) -> None:
        self._say(f"facecam: {sentence}", self._stderr)

    def total(self, summary: Summary) -> None:
        """One line about the whole batch."""
        self._bar.close()
        if summary.frames:
            skipped = f", {summary.skipped} damaged files skipped" if summary.skipped else ""
            print(
                f"Frames: {summary.frames}, with faces: {summary.frames_with_faces}, faces: {summary.faces}{skipped}; "
                f"{1000 * summary.detector_s / summary.frames:.1f} ms a detection",
                file=self._stderr,
            )

    def _say(self, text: str, file: TextIO) -> None:
        # Names of files may hold bytes that the terminal's encoding can't show.
        encoding = getattr(file, "encoding", None) or "utf-8"
        self._bar.write(text.encode(encoding, "backslashreplace").decode(encoding), file=file)


@contextmanager
def _quiet_libraries() -> Iterator[TextIO]:
    """Keeps libpng and libjpeg, which write about damaged files to the process's stderr, off it; gives our own."""
    try:
        is_real = sys.stderr.fileno() == 2
    except (AttributeError, OSError, ValueError):
        is_real = False
    if not is_real:
        yield sys.stderr
        return
    sys.stderr.flush()
    kept = os.dup(2)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    os.close(silence)
    try:
        with open(
            kept, "w", encoding=sys.stderr.encoding, errors="backslashreplace", buffering=1, closefd=False
        ) as ours:
            yield ours
    finally:
        os.dup2(kept, 2)
        os.close(kept)
