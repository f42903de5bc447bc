"""What is hidden in a file, region by region, and the JSON file that keeps it: so that it can be looked through and
changed by hand, and the same copy be made again. docs/formats.md describes the format."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np
from msgspec import Meta

from facecam.arrays import Array, Image
from facecam.errors import FacecamError, SourceError
from facecam.faces.boxes import Detections, pairwise_iou
from facecam.faces.tracking import CANDIDATE_SHARE, assign, centred
from facecam.sources import Frame
from facecam.system.files import reading, write_whole

SCHEMA: Literal[1] = 1
SUFFIX = ".regions.json"
"""Of the file beside a copy, after the copy's own name."""
STANDARD_INPUT = Path("-")
GAP_S = 0.5
"""A place that comes back within that time is the same one: doubtful faces flicker."""
_FARTHER = 0.5
_SAME_PLACE = 0.5
_MOST_FRAMES = 100_000_000
_STRETCH = 64

FrameNumber = Annotated[int, Meta(ge=0, le=_MOST_FRAMES)]
Pixel = Annotated[float, Meta(ge=-1e6, le=1e6)]
Box = tuple[Pixel, Pixel, Pixel, Pixel]
Score = Annotated[float, Meta(ge=0, le=1)]


@dataclass(frozen=True)
class Region:
    """A place in one frame or in several that follow each other.

    first, last: its frames, counted from 0. boxes: x1 y1 x2 y2 in pixels of the picture as it is shown: one for each
    frame, or a single one for all of them. scores: the detector's for each box, 0 where a face was lost a moment ago;
    none of a region that was drawn by hand. hidden: whether it is hidden; otherwise it is a candidate, or somebody has
    taken it out. decided: somebody has looked, and it is in no doubt any more.
    """

    first: FrameNumber
    last: FrameNumber
    boxes: tuple[Box, ...]
    scores: tuple[Score, ...] = ()
    hidden: bool = True
    decided: bool = False

    def __post_init__(self) -> None:
        length = self.last - self.first + 1
        if length < 1 or len(self.boxes) not in (1, length) or len(self.scores) not in (0, len(self.boxes)):
            raise ValueError("a region's boxes and scores don't fit its first and last frame")

    @property
    def by_hand(self) -> bool:
        """Whether somebody has drawn it."""
        return not self.scores

    @property
    def score(self) -> float:
        """The best of its scores; 1 where it was drawn by hand."""
        return max(self.scores, default=1.0)

    @property
    def best_frame(self) -> int:
        """Where its score is the best."""
        return self.first + (self.scores.index(self.score) if len(self.scores) > 1 else 0)

    def box(self, frame: int) -> Box | None:
        """Where it is in that frame; None if it is in others only."""
        if not self.first <= frame <= self.last:
            return None
        return self.boxes[frame - self.first if len(self.boxes) > 1 else 0]

    def part(self, first: int, last: int) -> Region:
        """It in some of its frames."""
        if len(self.boxes) == 1:
            return replace(self, first=first, last=last)
        kept = slice(first - self.first, last - self.first + 1)
        return replace(self, first=first, last=last, boxes=self.boxes[kept], scores=self.scores[kept])

    def score_in(self, frame: int) -> float:
        """Its score in one of its frames."""
        return self.scores[frame - self.first] if len(self.scores) > 1 else self.score


@dataclass(frozen=True)
class Regions:
    """All regions of a file.

    source: its name. sha256: of its content; regions fit no other file. model: the detector's name. threshold: the
    lowest score of a face. width, height: of the first frame. times_s: of all frames, in the file's own clock.
    """

    schema: Literal[1]
    source: str
    sha256: str
    model: str
    threshold: Score
    width: Annotated[int, Meta(ge=1)]
    height: Annotated[int, Meta(ge=1)]
    times_s: Annotated[tuple[float, ...], Meta(min_length=1)]
    regions: tuple[Region, ...]

    @property
    def by_hand(self) -> bool:
        """Whether somebody has drawn or decided anything."""
        return any(region.by_hand or region.decided for region in self.regions)

    def hidden_in(self, frame: int) -> Detections:
        """What is hidden in a frame, with its scores, best first. Raises SourceError for one that there is not: what
        it shows is not known."""
        if frame >= len(self.times_s):
            raise SourceError(f"{self.source} has more frames than its regions know of ({len(self.times_s)}).")
        here = [region for region in map(self.regions.__getitem__, self.near(frame)) if region.hidden]
        boxes = np.array([region.box(frame) for region in here], np.float32).reshape(-1, 4)
        scores = np.array([region.score_in(frame) for region in here], np.float32)
        return Detections(boxes, scores).only(np.argsort(-scores, kind="stable"))

    def hidden_on(self, image: Image, frame: int) -> Detections:
        """The same, for the picture (H, W, ...) that this frame is. Raises SourceError also where they don't fit it."""
        height, width = image.shape[:2]
        if frame == 0 and (width, height) != (self.width, self.height):
            raise SourceError(
                f"{self.source} shows {width} x {height} pixels, and its regions are of {self.width} x {self.height}; "
                "let the faces in it be found again."
            )
        hidden = self.hidden_in(frame)
        outside = (hidden.boxes[:, 0] >= width) | (hidden.boxes[:, 1] >= height)
        if (outside & (hidden.scores > 0)).any():  # a lost face's place may be, where pictures become smaller
            raise SourceError(
                f"{self.source} has a region that hides nothing: it lies outside of frame {frame}, which has {width} x "
                f"{height} pixels; correct its box or take it out."
            )
        return hidden

    def near(self, frame: int) -> list[int]:
        """Indices of the regions that are in that frame, hidden or not."""
        there = self._by_stretch.get(frame // _STRETCH, ())
        return [index for index in there if self.regions[index].first <= frame <= self.regions[index].last]

    @cached_property
    def _by_stretch(self) -> dict[int, list[int]]:
        """Which regions are in each stretch of frames: a film has thousands."""
        stretches: dict[int, list[int]] = {}
        for index, region in enumerate(self.regions):
            for stretch in range(region.first // _STRETCH, min(region.last, len(self.times_s) - 1) // _STRETCH + 1):
                stretches.setdefault(stretch, []).append(index)
        return stretches

    def changed(self, index: int, *new: Region) -> Regions:
        """With others in the place of a region, or none."""
        return replace(self, regions=(*self.regions[:index], *new, *self.regions[index + 1 :]))

    def joined(self, region: Region) -> Regions:
        """With one more region, the last one."""
        return replace(self, regions=(*self.regions, region))


class RegionFinder:
    """Puts together regions from what is hidden frame by frame. threshold: the lowest score of a face."""

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._open: list[_Trail] = []
        self._done: list[_Trail] = []
        self._times_s: list[float] = []
        self._size = (1, 1)

    def add(self, frame: Frame, found: Detections, places: Array) -> None:
        """The next frame. found: down to `CANDIDATE_SHARE` of the threshold; places: (M, 4), what is hidden in it."""
        number = len(self._times_s)
        self._times_s.append(round(frame.time_s, 6))
        if number == 0:
            self._size = (frame.image.shape[1], frame.image.shape[0])
        likeness = pairwise_iou(found.boxes, places)
        doubtful = found.scores >= CANDIDATE_SHARE * self._threshold
        candidates = doubtful & (likeness.max(axis=1, initial=0) < _SAME_PLACE)
        boxes = np.concatenate([places, found.boxes[candidates]])
        scores = np.zeros(len(places), np.float32)
        if len(found):
            near = likeness.max(axis=0) >= _SAME_PLACE
            scores[near] = found.scores[likeness.argmax(axis=0)[near]]
        scores = np.concatenate([scores, found.scores[candidates]])
        hidden = np.arange(len(boxes)) < len(places)
        if frame.path is not None:  # pictures have nothing to do with each other
            self._done += self._open
            self._open = []
        last = np.array([trail.boxes[-1] for trail in self._open], np.float32).reshape(-1, 4)
        reach = [1.0 + _FARTHER * (number - trail.first - len(trail.boxes)) for trail in self._open]
        follows = {box: trail for trail, box in assign(centred(last), centred(boxes), reach)}
        trails = []
        for index in range(len(boxes)):
            trail = self._open[follows[index]] if index in follows else _Trail(number)
            trail.add(number, boxes[index], float(scores[index]), bool(hidden[index]))
            trails.append(trail)
        taken = set(follows.values())
        for index, trail in enumerate(self._open):
            if index not in taken:
                seen_s = self._times_s[trail.first + len(trail.boxes) - 1]
                (trails if 0 <= frame.time_s - seen_s <= GAP_S else self._done).append(trail)
        self._open = trails

    def regions(self, path: Path, model: str) -> Regions:
        """All of a file, after its last frame. path: of the file; model: the detector's name. Raises SourceError."""
        trails = sorted([*self._done, *self._open], key=lambda trail: trail.first)
        found = tuple(region for trail in trails for region in trail.regions(self._times_s))
        width, height = self._size
        times_s = tuple(self._times_s)
        name = path.name.encode("utf-8", "backslashreplace").decode()
        return Regions(SCHEMA, name, digest(path), model, self._threshold, width, height, times_s, found)


class _Trail:
    """A place from frame to frame, hidden or not."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.boxes: list[Box] = []
        self._scores: list[float] = []
        self._hidden: list[bool] = []

    def add(self, frame: int, box: Array, score: float, hidden: bool) -> None:
        """frame: a later one than the last; in those between it is taken to have moved evenly."""
        gap = frame - self.first - len(self.boxes)
        x1, y1 = (math.floor(100 * float(edge)) / 100 for edge in box[:2])
        x2, y2 = (max(1.01, math.ceil(100 * float(edge)) / 100) for edge in box[2:])  # as of `_can_hide`
        for step in range(1, gap + 1):
            here, share = self.boxes[-1], 1 / (gap + 2 - step)
            a, b, c, d = (round(old + share * (new - old), 2) for old, new in zip(here, (x1, y1, x2, y2), strict=True))
            self._append((a, b, c, d), 0.0, False)
        self._append((x1, y1, x2, y2), round(min(1.0, score), 4), hidden)

    def _append(self, box: Box, score: float, hidden: bool) -> None:
        self.boxes.append(box)
        self._scores.append(score)
        self._hidden.append(hidden)

    def regions(self, times_s: Sequence[float]) -> list[Region]:
        """Its parts that are hidden, and those that are not. Hidden, shortly not, and hidden again is hidden."""
        hidden = self._hidden
        known = [at for at, on in enumerate(hidden) if on]
        for before, after in pairwise(known):
            if times_s[self.first + after] - times_s[self.first + before] <= GAP_S:
                hidden[before:after] = [True] * (after - before)
        ends = [at for at in range(1, len(hidden)) if hidden[at] != hidden[at - 1]]
        return [
            Region(
                self.first + start,
                self.first + end - 1,
                tuple(self.boxes[start:end]),
                tuple(self._scores[start:end]),
                hidden[start],
            )
            for start, end in pairwise([0, *ends, len(hidden)])
        ]


def digest(path: Path) -> str:
    """SHA-256 of a file. Raises SourceError."""
    with reading(path), path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256")
    return found.hexdigest()


def regions_path(copy: Path) -> Path:
    """Where the regions of a copy lie: beside it."""
    return copy.with_name(copy.name + SUFFIX)


def save_regions(regions: Regions, path: Path) -> None:
    """Raises FacecamError."""
    write_whole(path, msgspec.json.encode(regions) + b"\n")


def are_there(path: Path) -> bool:
    """Whether a file holds regions already; STANDARD_INPUT does."""
    return path == STANDARD_INPUT or os.path.exists(path)


def load_regions(path: Path, source: Path | None = None) -> Regions:
    """Those in a file, or of STANDARD_INPUT. source: what they have to be of. Raises FacecamError."""
    try:
        piped = path == STANDARD_INPUT
        with reading(path), open(0 if piped else path, "rb", closefd=not piped) as file:
            regions = msgspec.json.decode(file.read(), type=Regions)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise FacecamError(f"{path} holds no regions that can be read: {error}.") from error
    for region in regions.regions:
        if region.first >= len(regions.times_s) or not all(map(_can_hide, region.boxes)):
            raise FacecamError(
                f"{path} has a region that hides nothing: boxes are [x1, y1, x2, y2] in pixels of the picture, with "
                "x1 < x2 and y1 < y2, and frames are counted from 0."
            )
    if source is not None:
        check_source(regions, source)
    return regions


def check_source(regions: Regions, source: Path) -> None:
    """Raises FacecamError if they are of another file."""
    if digest(source) != regions.sha256:
        raise FacecamError(f"The regions are of another file than {source}, or it has changed since they were found.")


def _can_hide(box: Box) -> bool:
    """Whether it has an inside that may be in a picture: shares of one would all lie in its first pixel."""
    x1, y1, x2, y2 = box
    return x1 < x2 and y1 < y2 and min(x2, y2) > 0 and max(x2, y2) > 1
