"""Detections as files: JSON lines and CSV.

Every line is on disk as soon as its frame is done, so that an interrupted run loses nothing.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from facecam.errors import WriteError
from facecam.faces.boxes import Detections
from facecam.sources import Frame
from facecam.system.files import write_whole, writing

STANDARD_OUTPUT = Path("-")
"""Stands for standard output where a results' file is asked for, so that they can be piped on."""

CSV_COLUMNS = ("source", "frame", "time_s", "width", "height", "x1", "y1", "x2", "y2", "score", "id")


def record(source: str, frame: Frame, detections: Detections) -> dict[str, Any]:
    """One frame's result as plain JSON values; boxes in the frame's pixels, ids where faces are followed."""
    height, width = frame.image.shape[:2]
    is_picture = frame.path is not None
    return {
        "source": str(frame.path) if is_picture else source,
        "frame": frame.page if is_picture else frame.index,
        "time_s": 0.0 if is_picture else round(frame.time_s, 4),
        "width": width,
        "height": height,
        "faces": [
            {
                "box": [round(float(value), 2) for value in box],
                "score": round(float(score), 4),
                **({} if detections.ids is None else {"id": int(detections.ids[index])}),
            }
            for index, (box, score) in enumerate(zip(detections.boxes, detections.scores, strict=True))
        ],
    }


def as_written(name: str) -> str:
    """A source's name as it stands in the files: what of it isn't valid Unicode, as escapes."""
    return name.encode("utf-8", "backslashreplace").decode()


class _TextFile:
    """A text file that is written line by line.

    begin: what stands in it first; kept: and then, of an earlier file, which this one replaces as a whole.
    """

    def __init__(self, path: Path, begin: str, kept: str | None) -> None:
        self._path = path
        self._file: io.TextIOWrapper
        if path == STANDARD_OUTPUT:  # in UTF-8 as the files are, whatever the terminal's encoding is
            if sys.stdout is None:
                raise WriteError("There is no standard output to write to; name a file.")
            self._file = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="", line_buffering=True)
        else:
            with writing(self._path):
                if kept is not None:
                    write_whole(Path(os.path.realpath(path)), begin + kept)
                mode: Literal["w", "a"] = "w" if kept is None else "a"
                self._file = path.open(mode, encoding="utf-8", newline="", buffering=1)
        if kept is None:
            self.write(begin)

    def write(self, text: str) -> None:
        with writing(self._path):
            self._file.write(as_written(text))

    def close(self) -> None:
        with writing(self._path):  # what was held back could not be written either
            if self._path == STANDARD_OUTPUT:
                self._file.detach()  # it isn't ours to close
            else:
                self._file.close()


def _earlier(path: Path) -> str:
    """The whole lines of an earlier file of results; of a run that was killed the last may be half one."""
    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            text = file.read()
    except OSError:
        return ""
    return text[: text.rfind("\n") + 1]


def _source_of(line: str) -> str:
    """Of a line of JSON; "" of what is none."""
    try:
        return str(json.loads(line)["source"])
    except (ValueError, LookupError, TypeError):
        return ""


class JsonLines:
    """One JSON object per frame and line, as `record` gives them. keep: by their source as of `as_written`, which lines
    of an earlier file stay; None: none."""

    def __init__(self, path: Path, keep: Callable[[str], bool] | None = None) -> None:
        kept = None
        if keep is not None:
            lines = _earlier(path).split("\n")[:-1]  # names may hold what other programs take for the end of a line
            kept = "".join(f"{line}\n" for line in lines if (source := _source_of(line)) and keep(as_written(source)))
        self._file = _TextFile(path, "", kept)

    def write(self, result: dict[str, Any]) -> None:
        self._file.write(json.dumps(result, ensure_ascii=False) + "\n")

    def close(self) -> None:
        self._file.close()


class CsvTable:
    """One row per face, columns CSV_COLUMNS; a frame without faces has no row. id: empty where none is followed. keep:
    as of JsonLines."""

    def __init__(self, path: Path, keep: Callable[[str], bool] | None = None) -> None:
        kept = None
        if keep is not None:
            buffer = io.StringIO()
            rows = csv.writer(buffer, lineterminator="\n")
            earlier = csv.reader(io.StringIO(_earlier(path), newline=""))
            rows.writerows(
                row for row in earlier if len(row) == len(CSV_COLUMNS) and row[0] != CSV_COLUMNS[0] and keep(row[0])
            )
            kept = buffer.getvalue()
        self._file = _TextFile(path, ",".join(CSV_COLUMNS) + "\n", kept)
        self._rows = csv.writer(self._file, lineterminator="\n")

    def write(self, result: dict[str, Any]) -> None:
        head = [result[name] for name in CSV_COLUMNS[:5]]
        for face in result["faces"]:
            self._rows.writerow([*head, *face["box"], face["score"], face.get("id", "")])

    def close(self) -> None:
        self._file.close()
