"""Progress on stderr, results on stdout, and neither disturbed by what C libraries write."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from tqdm import tqdm

from facecam.batch.batch import Summary


class Bar:
    """A progress bar on stderr, where that is a terminal, and results on stdout."""

    def __init__(self, stderr: TextIO, print_results: bool) -> None:
        self._stderr = stderr
        self._print_results = print_results
        self._bar = tqdm(file=stderr, unit="frame", disable=None, dynamic_ncols=True)

    def __enter__(self) -> Bar:
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
def quiet_libraries() -> Iterator[TextIO]:
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
