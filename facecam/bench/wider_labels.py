"""Reader of the WIDER FACE text ground truth (`wider_face_{train,val}_bbx_gt.txt`).

One picture is its path below the image folder, the number of faces, then one row per face:
`x y w h blur expression illumination invalid occlusion pose`. A picture without faces has the count 0 and, in the
official files, one row of zeros.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from facecam.errors import FacecamError

_COLUMNS = 10
_INVALID = 7


class LabelError(FacecamError):
    """A ground truth file is missing or damaged."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """The labels of one picture.

    path: where the picture lies. name: its path in the label file, with `/`. event: the name's first folder
    (`0--Parade`), empty when there is none. boxes: (N, 4) float32, x1 y1 x2 y2, picture pixels, all of positive size.
    ignore: (N,) bool, regions that are neither face nor background (`invalid` in the file).
    """

    path: Path
    name: str
    event: str
    boxes: npt.NDArray[np.float32]
    ignore: npt.NDArray[np.bool_]

    @property
    def source(self) -> str:
        """Where the picture comes from, by its file name: `jol` for `0--human/jol_0012.webp`."""
        return self.path.name.split("_", 1)[0]


def read_wider(split_file: Path, images: Path) -> list[Labelled]:
    """The pictures of a WIDER FACE text ground truth, in the order of the file.

    split_file: the text file. images: the folder that the names in it start from. Rows of zero width or height, which
    the official files contain, are dropped. Raises LabelError, with the line number, when the file is damaged.
    """
    try:
        lines = Path(split_file).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LabelError(
            f"can't read the labels {split_file}: {error}; give the path of a WIDER FACE text file"
        ) from None
    while lines and not lines[-1].strip():
        lines.pop()
    pictures: list[Labelled] = []
    at = 0
    while at < len(lines):
        name = lines[at].strip()
        if not name or _numbers(name):
            _damaged(split_file, at, "the path of a picture is expected here")
        if at + 1 >= len(lines):
            _damaged(split_file, at, "the file ends after the path of a picture, where its number of faces should be")
        try:
            count = int(lines[at + 1])
        except ValueError:
            count = -1
        if count < 0:
            _damaged(split_file, at + 1, "a number of faces is expected here")
        at += 2
        if at + count > len(lines):
            _damaged(split_file, len(lines) - 1, f"the file ends before the {count} faces of {name}")
        rows = [_row(split_file, line, lines[line]) for line in range(at, at + count)]
        at += count
        if count == 0 and at < len(lines) and _numbers(lines[at]):
            at += 1  # the row of zeros
        pictures.append(_labelled(name, Path(images), rows))
    if not pictures:
        raise LabelError(f"{split_file} names no pictures; give the path of a WIDER FACE text file")
    return pictures


def _labelled(name: str, images: Path, rows: list[list[float]]) -> Labelled:
    values = np.array(rows, np.float64).reshape(-1, _COLUMNS)
    values = values[(values[:, 2] > 0) & (values[:, 3] > 0)]
    boxes = values[:, :4].copy()
    boxes[:, 2:] += boxes[:, :2]
    event = name.split("/", 1)[0] if "/" in name else ""
    return Labelled(images / name, name, event, boxes.astype(np.float32), values[:, _INVALID] == 1)


def _row(split_file: Path, line: int, text: str) -> list[float]:
    values = _numbers(text)
    if values is None or not np.isfinite(values).all():
        _damaged(split_file, line, f"a face is {_COLUMNS} numbers, x y w h and the attributes")
    return values


def _numbers(text: str) -> list[float] | None:
    """The numbers of a face's row, None if it has another count."""
    try:
        values = [float(word) for word in text.split()]
    except ValueError:
        return None
    return values if len(values) == _COLUMNS else None


def _damaged(split_file: Path, line: int, what: str) -> NoReturn:
    """`line` counts from 0, the message from 1 as editors do."""
    raise LabelError(f"{split_file} is damaged at line {line + 1}: {what}; fetch or write the file again")
