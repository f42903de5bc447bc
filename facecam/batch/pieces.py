"""Pieces of a long video: whoever is free looks for the faces in one, and who does the whole file takes them over frame
by frame as if it had looked itself, so that nothing shows where pieces meet."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from facecam.batch.inputs import Input, open_input
from facecam.detection.thorough import CHECKS_HZ, stretch
from facecam.errors import FacecamError
from facecam.faces.boxes import Detections
from facecam.sources import Frame, is_picture
from facecam.sources.base import Seekable
from facecam.system.files import named_path

PIECE_S = 20
"""Longer than most videos go without a picture that can be decoded by itself."""

Sighting = tuple[Detections, float]
"""The faces in a frame, and the seconds that it took to find them."""
Found = dict[tuple[float, int], Sighting]
"""The faces in a piece by `frame_key` of its frames."""


@dataclass(frozen=True)
class Piece:
    """A part of a video file, from the stretch `first` on until before `end` (None: until the file's end): within a
    stretch frames are searched alike whatever came before."""

    input: Input
    first: int
    end: int | None = None

    @property
    def title(self) -> str:
        """For people."""
        end = "its end" if self.end is None else f"{self.end // CHECKS_HZ} s"
        return f"{self.input.spec} from {self.first // CHECKS_HZ} s to {end}"

    def is_over(self, frame: Frame) -> bool:
        """Whether a frame comes after this piece."""
        return self.end is not None and stretch(frame.time_s) >= self.end

    def frames(self) -> Iterator[Frame]:
        """Its frames. Raises SourceError."""
        with closing(open_input(self.input)) as source:
            if self.first > 0 and isinstance(source, Seekable):
                source.seek(self.first / CHECKS_HZ)
            while (frame := source.read()) is not None and not self.is_over(frame):
                if stretch(frame.time_s) >= self.first:
                    yield frame


def cut(part: Input) -> list[Piece]:
    """The pieces of a long video file, in their order; none of anything else."""
    path = named_path(part.spec)
    if not os.path.isfile(path) or is_picture(path):
        return []
    try:
        with closing(open_input(part)) as source:
            duration_s = source.duration_s if isinstance(source, Seekable) else None
    except FacecamError:
        return []  # told when it is done
    if duration_s is None or duration_s < 2 * PIECE_S:
        return []
    starts = [PIECE_S * CHECKS_HZ * number for number in range(round(duration_s / PIECE_S))]
    return [Piece(part, start, end) for start, end in zip(starts, [*starts[1:], None], strict=True)]


class KnownFaces:
    """The faces in a video that were found in its pieces. found: those of each, in their order; None where they got
    lost."""

    def __init__(self, pieces: Sequence[Piece], found: Iterator[Found | None]) -> None:
        self._parts = zip(pieces, found, strict=False)
        self._piece: Piece | None = None
        self._found: Found | None = None

    def __call__(self, frame: Frame) -> Sighting | None:
        """Of the next frame; None if they are not known."""
        while self._piece is None or self._piece.is_over(frame):
            self._piece, self._found = next(self._parts)
        return None if self._found is None else self._found.get(frame_key(frame))


def frame_key(frame: Frame) -> tuple[float, int]:
    """By what a frame is found again: the time alone is what a container claims after a jump."""
    return frame.time_s, zlib.crc32(frame.image[::4, ::4].tobytes())
