"""ThoroughDetector: looks at a picture at several sizes, in four directions, piece by piece and past its border.

For copies in which no face may stay in view, where time counts less.

A network finds faces of 10 to 400 pixels. Scaled down to one size, a large photo has smaller ones; at its own size,
larger ones. So it is searched at its own size, at halves of it until no face can be too large, and at twice its size
where small faces are suspected. Large sizes are cut into overlapping tiles, so that memory is bounded.

Nor does it find faces that lie sideways, as in a photo whose orientation was lost. So the smaller sizes are searched in
four directions; the direction with the most sure faces is taken for the picture's own, and all sizes are searched in
it. In the others only sure faces count, such as those of people lying down (docs/adr/0082).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array, Image
from facecam.detection.detector import FaceDetector, Timings
from facecam.faces.boxes import Detections, box_areas, nms, pairwise_iou
from facecam.system.opencv import cv2

TILE_PX = (1280, 960)
"""Width and height of a tile, with what it has in common with its neighbours."""
OVERLAP_PX = 256
"""Faces up to this size lie whole in one of the tiles; larger ones are found at half the size."""
BORDER_PX = 64
"""Mirrored around each size of a picture, so that half a face is one for the network too. Of 276 faces in photos, cut
by 25 to 85 %, 12 are missed; 19 if the picture is mirrored once, by 1/32 of its side; 58 if its last pixels are
repeated; 57 without a border."""
CELL_PX = 32
SMALL_PX = 32
"""If something smaller than this may be a face, the picture is searched again at twice the size."""
CHECKS_HZ = 3
"""How often in a second of a video all sizes are searched; also where another scene begins."""
_GLIMPSE_PX = (32, 18)
_CHANGE, _CHANGED_SHARE = 40, 0.15
"""Another scene begins, or something large has come at once, where more than this share of a glimpse's pixels differ by
more than so much of 255."""
_USUAL_HZ = 30
_ALL_DOUBLED = 1_500_000
"""Pixels; smaller pictures are looked at whole at twice their size."""
_SMALLEST_PX = 320
"""The longer side of the smallest size is at most this, so that even a face that fills the picture is found. (Of 14
faces of 300 px 13 are found with a score of 0.9, of 440 px 7, of 500 px 5, of 640 px none.)"""
_SUSPICION = 0.05
_CUT_PX = 2.0
_INSIDE = 0.8
_DOUBLED = -1
_MOST_TURNED = 800_000
"""Pixels of the largest size that is looked at in all directions."""
_SURE = 0.25
"""A sure face is wrong at most this many times as often as one at the threshold."""
_Look = tuple[int, int]
"""Quarter turns to the left, and how often a picture is halved, or _DOUBLED."""


@dataclass
class _Past:
    """What is known of a video. stretch, glimpse: of its last frame. turns: the direction of the last one that was
    looked at in all sizes; useful: the looks that told more of that than its own did."""

    stretch: int = 0
    glimpse: Image | None = None
    turns: int = 0
    useful: set[_Look] = field(default_factory=set)


class ThoroughDetector:
    """Has `detect`, `threshold` and `timings` as FaceDetector, which it uses at native size.

    detector: its size, border and threshold are changed. looks: how many runs of the network the last picture took.
    """

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector
        detector.size = None
        self.threshold = detector.threshold
        self._sure = 1 - _SURE * (1 - detector.threshold)
        self.timings = Timings(0.0, 0.0, 0.0)
        self.looks = 0
        self._pasts: dict[int, _Past] = {}  # by view

    @property
    def name(self) -> str:
        return self._detector.name

    def start(self) -> None:
        """Another video begins."""
        self._pasts.clear()

    def detect(self, frame: npt.NDArray[np.uint8], time_s: float | None = None, view: int = 0) -> Detections:
        """Faces in a frame (H, W, 3) uint8 BGR, boxes in its pixels and clipped to it, best first.

        time_s: of a frame of a video, which come in their order. The first of each `stretch` and scene is looked
        at in all sizes and directions, the others in those that told more than the picture's own did then. view: which
        of several pictures that are made of each frame, such as one with more contrast.
        """
        self._detector.threshold = min(self.threshold, _SUSPICION)
        self.looks, self.timings = 0, Timings(0.0, 0.0, 0.0)
        height, width = frame.shape[:2]
        pictures = _pictures(frame)
        if time_s is None:
            self.start()
        past = self._pasts.setdefault(view, _Past())
        check = time_s is None or _is_new(past, stretch(time_s), pictures[-1])
        found: dict[_Look, tuple[Array, Array]] = {}

        def look(turns: int, level: int) -> None:
            if (turns, level) not in found and level != _DOUBLED:
                found[turns, level] = self._level(pictures[level], pictures[level].shape[1] / width, turns)

        if check:
            for turns in range(4):
                for level, picture in enumerate(pictures):
                    if picture.shape[0] * picture.shape[1] <= _MOST_TURNED:
                        look(turns, level)
            past.turns = self._direction(found, width, height)
        own, doubled = (past.turns, 0), (past.turns, _DOUBLED)
        look(*own)
        for each in [(past.turns, level) for level in range(len(pictures))] if check else sorted(past.useful):
            look(*each)
        boxes = np.concatenate([boxes for (turns, _), (boxes, _) in found.items() if turns == past.turns])
        small = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0) < SMALL_PX
        whole = height * width <= _ALL_DOUBLED
        if (whole or small.any()) and (check or doubled in past.useful):
            found[doubled] = self._level(frame, 1.0, past.turns, 2, None if whole else boxes[small])
        for (turns, level), (boxes, scores) in found.items():
            kept = scores >= (self.threshold if turns == past.turns else max(self.threshold, self._sure))
            found[turns, level] = boxes[kept], scores[kept]
        boxes, scores, looks, best = self._best(found)
        if check:
            new = pairwise_iou(boxes[best], found[own][0]).max(axis=1, initial=0) < self._detector.nms
            past.useful = {looks[index] for index in best[new]}
        boxes, scores = boxes[best].clip(0, np.array([width, height] * 2, np.float32)), scores[best]
        inside = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        return Detections(boxes[inside], scores[inside])

    def _direction(self, found: dict[_Look, tuple[Array, Array]], width: int, height: int) -> int:
        """The quarter turns to the left with which most of the sure faces in a frame of that size are found; a face
        that is found without a turn counts for no turn."""
        sure = {}
        for look, (boxes, scores) in found.items():
            middle = (boxes[:, :2] + boxes[:, 2:]) / 2
            over = (scores >= self._sure) & (middle > 0).all(axis=1) & (middle < (width, height)).all(axis=1)
            sure[look] = boxes[over], scores[over] + np.float32(look[0] == 0)  # in the border all is upside down
        _, _, looks, best = self._best(sure)
        votes = [looks[index][0] for index in best]
        return max(range(4), key=votes.count)

    def _best(self, found: dict[_Look, tuple[Array, Array]]) -> tuple[Array, Array, list[_Look], npt.NDArray[np.intp]]:
        """Boxes (N, 4), scores (N,) and looks of all that was found, and which of them stay, best first."""
        boxes, scores = (np.concatenate(parts) for parts in zip(*found.values(), strict=True))
        looks = [look for look, (part, _) in found.items() for _ in part]
        return boxes, scores, looks, best_of_sizes(boxes, scores, self._detector.nms)

    def _level(
        self,
        picture: npt.NDArray[np.uint8],
        scale: float,
        turns: int,
        zoom: int = 1,
        suspects: Array | None = None,
    ) -> tuple[Array, Array]:
        """Boxes (N, 4) in the frame's pixels, not clipped, and scores (N,).

        picture: the frame at a scale; it is turned to the left by quarters, and enlarged by `zoom` tile by tile.
        suspects: (M, 4) boxes in the picture; only tiles that show one of them are looked at.
        """
        if suspects is not None:
            suspects = _turned(suspects, turns, *picture.shape[1::-1])
        picture = np.rot90(picture, turns)
        height, width = picture.shape[:2]
        boxes, scores = [np.zeros((0, 4), np.float32)], [np.zeros(0, np.float32)]
        for top, bottom in _spans(height, TILE_PX[1], zoom):
            for left, right in _spans(width, TILE_PX[0], zoom):
                if suspects is not None:
                    x1, y1, x2, y2 = suspects.T
                    if not ((x1 < right) & (x2 > left) & (y1 < bottom) & (y2 > top)).any():
                        continue
                x, y = max(0, left), max(0, top)
                tile = np.ascontiguousarray(picture[y:bottom, x:right])
                if zoom > 1:
                    tile = np.asarray(
                        cv2.resize(tile, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_LINEAR), np.uint8
                    )
                below, beside = max(0, bottom - height), max(0, right - width)
                self._detector.border_px = (zoom * (y - top), zoom * below, zoom * (x - left), zoom * beside)
                faces = self._detector.detect(tile)
                self.timings += self._detector.timings
                self.looks += 1
                x1, y1, x2, y2 = faces.boxes.T
                # A box that ends where a tile is cut belongs to a face that another tile shows whole.
                part = ((x1 <= _CUT_PX) & (left > 0)) | ((x2 >= tile.shape[1] - _CUT_PX) & (right < width))
                part |= ((y1 <= _CUT_PX) & (top > 0)) | ((y2 >= tile.shape[0] - _CUT_PX) & (bottom < height))
                corner = np.array([x, y] * 2, np.float32)
                boxes.append(faces.boxes[~part] / np.float32(zoom) + corner)
                scores.append(faces.scores[~part])
        return _turned(np.concatenate(boxes), -turns % 4, width, height) / np.float32(scale), np.concatenate(scores)


def _is_new(past: _Past, now: int, small: Image) -> bool:
    """Whether another stretch or scene begins with a frame, of which `small` is the smallest size."""
    glimpse = np.asarray(cv2.resize(small, _GLIMPSE_PX, interpolation=cv2.INTER_AREA), np.uint8)
    before, then, past.glimpse, past.stretch = past.glimpse, past.stretch, glimpse, now
    if before is None or now != then:
        return True
    return bool((np.asarray(cv2.absdiff(before, glimpse)).max(axis=2) > _CHANGE).mean() > _CHANGED_SHARE)


def _sizes(width: int, height: int) -> list[tuple[int, int]]:
    """Width and height of a frame, and of halves of it until no face in it can be too large."""
    sizes = [(width, height)]
    while max(width, height) > _SMALLEST_PX:
        width, height = -(-width // 2), -(-height // 2)
        sizes.append((width, height))
    return sizes


def _pictures(frame: npt.NDArray[np.uint8]) -> list[npt.NDArray[np.uint8]]:
    """The frame in all its sizes."""
    pictures = [frame]
    for size in _sizes(frame.shape[1], frame.shape[0])[1:]:
        pictures.append(np.asarray(cv2.resize(pictures[-1], size, interpolation=cv2.INTER_AREA), np.uint8))
    return pictures


def _turned(boxes: Array, turns: int, width: int, height: int) -> Array:
    """Boxes (N, 4) of a frame of that size, in the frame when it is turned to the left by quarters."""
    for _ in range(turns):
        x1, y1, x2, y2 = boxes.T
        boxes = np.stack([y1, width - x2, y2, width - x1], axis=1)
        width, height = height, width
    return boxes


def stretch(time_s: float) -> int:
    """Number of the stretch of a video that a time lies in: stretches may be searched apart, with the same result."""
    return int(time_s * CHECKS_HZ)


def pixels_searched(width: int, height: int, moving: bool, useful: float) -> float:
    """How many pixels go through the network for a picture of that size, at all sizes; moving: on average, per frame of
    a video. useful: the share of the sizes besides its own that find more."""

    def level(width: int, height: int, zoom: int = 1) -> int:
        across = sum(right - left for left, right in _spans(width, TILE_PX[0], zoom))
        down = sum(bottom - top for top, bottom in _spans(height, TILE_PX[1], zoom))
        return across * down * zoom * zoom

    sizes = _sizes(width, height)
    own, *smaller = [level(*size) for size in sizes]
    turned = 3 * sum(level(*size) for size in sizes if size[0] * size[1] <= _MOST_TURNED)
    more = sum(smaller) + level(width, height, 2) * (1.0 if height * width <= _ALL_DOUBLED else useful / 4)
    checked = CHECKS_HZ / _USUAL_HZ if moving else 1.0
    return own + more * (checked + (1 - checked) * useful) + turned * checked


def best_of_sizes(boxes: Array, scores: Array, iou: float) -> npt.NDArray[np.intp]:
    """Which of the boxes (N, 4) that were found at several sizes stay: indices, best first. iou: see `nms`."""
    best = nms(boxes, scores, iou)
    return best[~_parts(boxes[best], scores[best])]


def joined(looks: Sequence[Detections], iou: float) -> Detections:
    """What was found in one picture at several looks. iou: see `nms`."""
    boxes, scores = (np.concatenate([getattr(each, name) for each in looks]) for name in ("boxes", "scores"))
    best = best_of_sizes(boxes, scores, iou)
    return Detections(boxes[best], scores[best])


def _parts(boxes: Array, scores: Array) -> npt.NDArray[np.bool_]:
    """Which of the boxes (N, 4) lie in a larger one that is about as sure: parts of a face, found at another size."""
    areas = box_areas(boxes)
    iou = pairwise_iou(boxes, boxes)
    inside = iou * (areas[:, None] + areas) / (1 + iou) > _INSIDE * areas[:, None]
    return np.asarray((inside & (areas > 1.5 * areas[:, None]) & (scores > 0.5 * scores[:, None])).any(axis=1))


def _spans(length: int, tile: int, zoom: int) -> list[tuple[int, int]]:
    """Where tiles begin and end along a side of a picture, which has a border around it; tile: length of an enlarged
    one."""
    tile, overlap, border = tile // zoom, OVERLAP_PX // zoom, BORDER_PX // zoom
    whole = length + 2 * border
    if whole <= tile:
        return [(-border, length + border)]
    count = -(-(whole - overlap) // (tile - overlap))
    # The network's cells lie alike in all tiles, so that they agree on what they share.
    starts = -(-np.linspace(0, whole - tile, count).round().astype(int) // CELL_PX) * CELL_PX - border
    return [(int(start), int(start) + tile) for start in starts]
