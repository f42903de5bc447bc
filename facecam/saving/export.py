"""Detections as files: JSON lines, CSV, and annotated copies of pictures.

Every line is on disk as soon as its frame is done, so that an interrupted run loses nothing.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

from facecam.arrays import Image
from facecam.errors import FacecamError
from facecam.faces.boxes import Detections
from facecam.sources import Frame
from facecam.system.files import cannot_write
from facecam.system.opencv import cv2

STANDARD_OUTPUT = Path("-")
"""Stands for standard output where a results' file is asked for, so that they can be piped on."""

CSV_COLUMNS = ("source", "frame", "time_s", "width", "height", "x1", "y1", "x2", "y2", "score", "id")


def record(source: str, frame: Frame, detections: Detections) -> dict[str, Any]:
    """One frame's result as plain JSON values; boxes in the frame's pixels, ids where faces are followed."""
    height, width = frame.image.shape[:2]
    is_picture = frame.path is not None
    return {
        "source": str(frame.path) if is_picture else source,
        "frame": 0 if is_picture else frame.index,
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


class _TextFile:
    """A text file that is written line by line. File names that aren't valid Unicode are written as escapes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: io.TextIOWrapper
        if path == STANDARD_OUTPUT:  # in UTF-8 as the files are, whatever the terminal's encoding is
            self._file = io.TextIOWrapper(
                sys.stdout.buffer, encoding="utf-8", errors="backslashreplace", newline="", line_buffering=True
            )
            return
        try:
            self._file = path.open("w", encoding="utf-8", errors="backslashreplace", newline="", buffering=1)
        except OSError as error:
            raise cannot_write(self._path, error) from error

    def write(self, text: str) -> None:
        try:
            self._file.write(text)
        except BrokenPipeError:  # whoever reads the standard output has seen enough
            raise
        except OSError as error:
            raise cannot_write(self._path, error) from error

    def close(self) -> None:
        if self._path == STANDARD_OUTPUT:
            self._file.detach()  # it isn't ours to close
        else:
            self._file.close()


class JsonLines:
    """One JSON object per frame and line, as `record` gives them."""

    def __init__(self, path: Path) -> None:
        self._file = _TextFile(path)

    def write(self, result: dict[str, Any]) -> None:
        self._file.write(json.dumps(result, ensure_ascii=False) + "\n")

    def close(self) -> None:
        self._file.close()


class CsvTable:
    """One row per face, columns CSV_COLUMNS; a frame without faces has no row. id: empty where none is followed."""

    def __init__(self, path: Path) -> None:
        self._file = _TextFile(path)
        self._rows = csv.writer(self._file, lineterminator="\n")
        self._rows.writerow(CSV_COLUMNS)

    def write(self, result: dict[str, Any]) -> None:
        head = [result[name] for name in CSV_COLUMNS[:5]]
        for face in result["faces"]:
            self._rows.writerow([*head, *face["box"], face["score"], face.get("id", "")])

    def close(self) -> None:
        self._file.close()


_ENCODERS: dict[str, list[int]] = {
    ".jpg": [cv2.IMWRITE_JPEG_QUALITY, 95],
    ".jpeg": [cv2.IMWRITE_JPEG_QUALITY, 95],
    ".png": [],
    ".webp": [cv2.IMWRITE_WEBP_QUALITY, 90],
    ".bmp": [],
    ".tif": [],
    ".tiff": [],
}


def picture_suffix(path: Path) -> str:
    """The suffix under which a copy of this picture can be written: its own if possible, otherwise .png."""
    return path.suffix if path.suffix.lower() in _ENCODERS else ".png"


def write_picture(path: Path, image: Image) -> None:
    """Writes (H, W, 3) uint8 BGR by the path's suffix, creating its folder. Raises FacecamError."""
    suffix = path.suffix.lower()
    ok, data = cv2.imencode(suffix, image, _ENCODERS[suffix])
    if not ok:
        raise FacecamError(f"{path} can't be written: the picture can't be encoded as {suffix}.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.tobytes())  # rather than cv2.imwrite, which can't write every file name on Windows
    except OSError as error:
        raise cannot_write(path, error) from error
