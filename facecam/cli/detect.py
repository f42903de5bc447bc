"""`facecam detect`: its options, and what is done with them. Progress goes to stderr, results to stdout."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from _thread import interrupt_main
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any, TextIO

from tqdm import tqdm

from facecam.batch import watch
from facecam.batch.batch import Batch, Summary
from facecam.batch.cluster import ClusterPool
from facecam.batch.estimate import QUICK_SIZE, Estimate, estimate, words
from facecam.batch.parallel import ProcessPool
from facecam.batch.regions import are_there
from facecam.batch.work import Worker, WorkOptions
from facecam.cli.options import (
    EXIT_INTERRUPTED,
    EXIT_NOT_ALL,
    EXIT_WRONG_INPUT,
    detector_options,
    folder,
    fraction,
    jobs,
    path,
    seconds,
    size,
)
from facecam.detection.options import DetectorOptions
from facecam.errors import FacecamError, printable
from facecam.faces.privacy import Hiding, PrivacyOptions
from facecam.qtkit.wording import counted
from facecam.system.cpu import pinned
from facecam.system.opencv import cv2, quiet_libraries

_MOST_NAMES = 20
_SOURCE_ANSWERS_WITHIN_S = 3.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds them to the command's parser, beside those of the detector."""
    parser.set_defaults(run=detect)
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="picture, folder, video, URL, camera number, demo")
    parser.add_argument("--out", type=folder, metavar="DIR", help="folder for copies with the faces drawn in")
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
        "--json", type=path, metavar="FILE", help="one JSON object per picture or frame (.jsonl; -: standard output)"
    )
    parser.add_argument("--csv", type=path, metavar="FILE", help="one row per face (-: standard output)")
    parser.add_argument(
        "--regions",
        type=path,
        metavar="FILE",
        help="with --hide and one file: hide what FILE says (-: standard input); where there is no such FILE, write "
        "what was hidden",
    )
    parser.add_argument("--watch", action="store_true", help=argparse.SUPPRESS)  # the window's, as is the next
    parser.add_argument("--estimate", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument(
        "--no-audio", dest="sound", action="store_false", help="leave the sound out of copies of videos"
    )
    parser.add_argument(
        "--size",
        type=size,
        default=argparse.SUPPRESS,
        metavar="WxH",
        help="larger pictures are scaled down to this, or `native` (default: 640x480; with --hide: several sizes, up "
        "to twice the picture's own, and four directions, so that small faces are found, and those that lie sideways "
        "or upside down)",
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on where an earlier run with the same options was interrupted"
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="exit status 3 if a file could not be read whole, or a copy not keep all that its original has",
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
        help="processes for files and pieces of long videos, one core each (default: 1)",
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="of a Dask cluster that does the files instead, and pieces of long videos, such as tcp://host:8786; its "
        "machines see them under the same paths",
    )


def detect(arguments: argparse.Namespace) -> int:
    """The command. Raises FacecamError."""
    if arguments.hide is not None and arguments.out is None and arguments.regions is None and not arguments.estimate:
        raise FacecamError("--hide is for copies; name a folder for them with --out.")
    if arguments.jobs > 1 and arguments.scheduler is not None:
        raise FacecamError("Either --jobs or --scheduler: the workers of a cluster are started on its machines.")
    if arguments.regions is not None and (arguments.hide is None or arguments.resume):
        raise FacecamError("--regions is for one file, of which there is nothing to --resume: say how with --hide.")
    if arguments.jobs > 1 and arguments.core is not None:
        raise FacecamError("--core is for one process; leave it out with --jobs, which uses one core for each.")
    cv2.getNumThreads()  # where OpenCV can't be loaded, that is told once, and not once for each file
    hide = None if arguments.hide is None else PrivacyOptions(Hiding(arguments.hide), arguments.padding)
    options = WorkOptions(
        replace(detector_options(arguments), size=getattr(arguments, "size", DetectorOptions.size)),
        thorough=hide is not None and not hasattr(arguments, "size"),
        hide=hide,
        sound=arguments.sound,
        seconds=getattr(arguments, "seconds", None),
    )
    has_outputs = any((arguments.json, arguments.csv, arguments.out, arguments.regions))
    over = threading.Event()
    worker = Worker(options, over.is_set)  # tells what is wrong with the options, also where others will work
    pool: ProcessPool | ClusterPool | None = None
    if arguments.scheduler is not None:
        pool = ClusterPool(arguments.scheduler, options)
    elif arguments.jobs > 1:
        pool = ProcessPool(arguments.jobs, options)
    make_batch = partial(
        Batch,
        arguments.sources,
        options,
        worker,
        json_path=arguments.json,
        csv_path=arguments.csv,
        out_dir=arguments.out,
        regions=arguments.regions,
        resume=arguments.resume,
        pool=pool,
    )
    if arguments.watch or arguments.estimate:
        return _watched(make_batch, worker, pool, over, arguments.estimate)
    with quiet_libraries() as stderr, closing(_Bar(stderr, print_results=not has_outputs)) as bar:
        batch = make_batch(bar)
        if options.thorough and not (arguments.regions and are_there(arguments.regions)):
            bar.expect(estimate(batch.tasks, worker.base_detector), arguments.jobs)
        try:
            with nullcontext() if arguments.core is None else pinned(arguments.core):
                batch.run()
        finally:  # also after Ctrl+C: what was done is on disk, and this says how much
            if pool is not None:
                pool.close()
            bar.total(batch.summary, arguments.out is not None)
    return _status(batch.summary, arguments.strict)


def _status(summary: Summary, strict: bool) -> int:
    if summary.failed or summary.error is not None:
        return EXIT_WRONG_INPUT
    return EXIT_NOT_ALL if not summary.is_whole or (strict and not summary.is_clean) else 0


def _watched(
    make_batch: Callable[..., Batch],
    worker: Worker,
    pool: ProcessPool | ClusterPool | None,
    over: threading.Event,
    only_estimate: bool,
) -> int:
    """For a program that started this one, which ends the batch by closing our standard input, or by ending itself.

    over: stops the worker.
    """
    listener = watch.Teller()
    ended = threading.Event()
    main = threading.main_thread().ident

    def end_with_input() -> None:
        sys.stdin.buffer.read()
        over.set()
        if isinstance(pool, ProcessPool):
            pool.give_up()
        if ended.wait(_SOURCE_ANSWERS_WITHIN_S):
            return
        if hasattr(signal, "pthread_kill") and main is not None:
            signal.pthread_kill(main, signal.SIGINT)  # also while it waits
        else:
            interrupt_main()

    threading.Thread(target=end_with_input, name="end of input", daemon=True).start()
    summary = Summary()
    with quiet_libraries():
        try:
            batch = make_batch(listener)
            summary = batch.summary
            listener.all_files = len(batch.tasks)
            if only_estimate:
                listener.say(estimate(batch.tasks, worker.base_detector))
                return 0
            batch.run()
        except FacecamError as problem:
            summary.error = str(problem)
        except KeyboardInterrupt:
            summary.stopped = True
        finally:
            ended.set()
            if pool is not None:
                pool.close()
    listener.say(summary)
    return EXIT_INTERRUPTED if summary.stopped else _status(summary, False)


class _Bar:
    """A progress bar on stderr, where that is a terminal, and results on stdout."""

    def __init__(self, stderr: TextIO, print_results: bool) -> None:
        self._stderr = stderr
        self._print_results = print_results
        self._bar = tqdm(file=stderr, unit="frame", disable=None, dynamic_ncols=True)

    def close(self) -> None:
        self._bar.close()

    def expect(self, estimate: Estimate, jobs: int) -> None:
        """How long it will take at several sizes."""
        if estimate.frames:
            least = "" if estimate.sure else "at least "
            thorough, quick = (words(estimate.seconds(each, jobs)) for each in (True, False))
            self._say(
                f"facecam: at several sizes, {least}{thorough}; --size {'x'.join(map(str, QUICK_SIZE))} takes {quick} "
                "and misses small and lying faces.",
                self._stderr,
            )

    def on_opened(self, title: str, frame_count: int | None, remaining: int) -> None:
        self._bar.set_description(printable(title)[:30], refresh=False)
        # Sources not opened yet count as one frame each; what a video claims about its length is an estimate.
        self._bar.total = None if frame_count is None else self._bar.n + frame_count + remaining
        self._bar.refresh()

    def on_done(self, result: dict[str, Any], is_picture: bool) -> None:
        self._bar.update()
        if self._print_results:
            boxes = "  ".join("[{:.0f} {:.0f} {:.0f} {:.0f}]".format(*face["box"]) for face in result["faces"])
            count = len(result["faces"])
            where = result["source"] if is_picture else f"{result['source']} {result['time_s']:.2f} s"
            self._say(f"{where}: {counted(count, 'face')}  {boxes}".rstrip(), sys.stdout)

    def on_problem(self, sentence: str) -> None:
        self._say(f"facecam: {sentence}", self._stderr)

    def total(self, summary: Summary, by_name: bool) -> None:
        """The end of the whole batch. by_name: copies were made, so it matters in which of them nothing was found."""
        self.close()
        told = {
            "Passed over": list(summary.skipped),
            **summary.told,
            "Done before": [counted(summary.resumed, "file")] * (summary.resumed > 0),
        }
        for what, names in told.items():
            if names and (by_name or names is not summary.without_faces):
                more = f", and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
                self._say(f"{what}: {', '.join(names[:_MOST_NAMES])}{more}", self._stderr)
        if summary.frames:
            skipped = f", {len(summary.skipped)} passed over" if summary.skipped else ""
            print(
                f"Frames: {summary.frames}, with faces: {summary.frames_with_faces}, faces: {summary.faces}{skipped}; "
                f"{1000 * summary.detector_s / summary.frames:.1f} ms a detection",
                file=self._stderr,
            )

    def _say(self, text: str, file: TextIO) -> None:
        # Names of files may hold what the terminal would obey, or its encoding can't show.
        encoding = getattr(file, "encoding", None) or "utf-8"
        self._bar.write(printable(text).encode(encoding, "backslashreplace").decode(encoding), file=file)
