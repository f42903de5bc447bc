"""Tracking: faces keep a number, their boxes come to rest, and what flickers for a frame is neither shown nor lost.

Three simple means, for a detector that is right nearly always and a scene of few faces that move little between frames:

- Assignment: nearest pairs first, of the boxes and of where the tracks should be by now.
- Confidence: the running mean of a face's scores, a frame without a box counting as 0. A face is shown from its third
  box on if its confidence has reached the threshold (at once if a score is very high), and for as long as the
  confidence stays above a lower one. A sure face thus outlasts three or four frames without a box, a doubtful one none.
- The one-euro filter (Casiez et al., CHI 2012) on centre and size: its cutoff rises with the speed.

Faces are few, and numpy's code is never in the caches right after a network: so it is plain numbers, face by face.

Why not norfair or ByteTrack: docs/adr/0010.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from facecam.arrays import Array
from facecam.faces.boxes import Detections

CANDIDATE_SHARE = 0.4
"""The tracker wants boxes down to this share of the threshold."""
KEEP_SHARE = 0.75
"""A shown face stays while its confidence is above this share of the threshold."""
PRIVATE_SHARE = 0.5
"""Boxes down to this share of the threshold are hidden where privacy is on, also those seen for the first time."""
CONFIRMED_BOXES = 3
SURE_SCORE = 0.97
REMEMBERED_S = 1.0
"""A face that comes back within that time, where it was expected, gets its number back."""

Box = tuple[float, float, float, float]

_CONFIDENCE_S = 0.2  # the running mean's time constant
_MOST_OF_CONFIDENCE = 0.4  # what one frame counts at the most: a sure face outlasts one miss at any frame rate
_GAP_S = 1.5  # after a longer gap, or a jump back, nothing is where it was
_SHORTEST_STEP_S = 1e-3  # some files give two frames the same time
_MIN_IOU = 0.2
_MAX_DISTANCE = 0.6  # of the centres, in face sizes
_MAX_SIZE_RATIO = 1.8
_VELOCITY_CUTOFF_HZ = 1.5
_COASTING_S = 0.2  # a face that is lost goes on in its direction for about that long


@dataclass(frozen=True)
class TrackingOptions:
    """How boxes come to rest.

    smoothing: how many frames a box lags behind a slow motion; 0 switches the smoothing off.
    speed_gain: by how many hertz the filter's cutoff rises with each face size per second (the paper's beta).
    """

    smoothing: float = 1.0
    speed_gain: float = 2.0


@dataclass(frozen=True)
class Faces:
    """What is known of the faces in one frame.

    shown: confirmed faces with their numbers (`ids`), best first. private: (M, 4) float32, x1 y1 x2 y2, frame pixels,
    every place where there may be a face: also those not confirmed yet, and those lost a short while ago.
    """

    shown: Detections
    private: Array


class Tracker:
    """Follows faces from frame to frame. Numbers start at 1 and are never given again. Not thread-safe.

    Times are the source's clock. hold_s: how long the places of lost faces remain in `private`.
    """

    def __init__(self) -> None:
        self._given = 0  # the last number
        self._time_s: float | None = None
        self._threshold = 1.0
        self._tracks: list[_Track] = []

    def reset(self) -> None:
        """Forgets all faces: another scene begins."""
        self._time_s, self._tracks = None, []

    def update(
        self, found: Detections, time_s: float, threshold: float, options: TrackingOptions, hold_s: float = 0.0
    ) -> Faces:
        """The faces of the next frame. found: its detections, down to `threshold * CANDIDATE_SHARE`."""
        step_s = 0.0 if self._time_s is None else time_s - self._time_s
        if not 0 <= step_s <= _GAP_S:
            self.reset()
        step_s = max(step_s, _SHORTEST_STEP_S)
        self._time_s = time_s
        tracks, boxes, scores = self._tracks, centred(found.boxes), found.scores.tolist()
        share = min(1 - math.exp(-step_s / _CONFIDENCE_S), _MOST_OF_CONFIDENCE)
        box_of = dict(assign([track.predicted(time_s) for track in tracks], boxes))
        for index, track in enumerate(tracks):
            box = box_of.get(index)
            if box is not None:
                track.follow(boxes[box], scores[box], time_s, step_s, options)
            track.judge(box is not None, share)
        new = sorted(set(range(len(boxes))) - set(box_of.values()))
        tracks += [_Track(boxes[box], scores[box], time_s) for box in new]
        for track in tracks:
            if threshold > self._threshold:  # raised by the user, who wants to see what that does
                track.shown &= track.confidence >= threshold
            track.show(threshold)
            if track.shown and not track.number:
                self._given += 1
                track.number = self._given
        self._threshold = threshold
        # One that has not been shown goes with its first miss: that is what flickers.
        longest_s = max(REMEMBERED_S, hold_s)
        self._tracks = [
            track for track in tracks if track.seen_s == time_s or (track.number and time_s - track.seen_s <= longest_s)
        ]
        return self._faces(time_s, hold_s, self._private(found, threshold))

    def between(self, time_s: float, hold_s: float = 0.0) -> Faces:
        """The faces of a frame that was not searched: where those of the last one should be by now."""
        seen = [track.reach(time_s) for track in self._tracks if track.seen_s == self._time_s]
        return self._faces(time_s, hold_s, _rows(seen))

    def again(self, found: Detections, threshold: float, hold_s: float = 0.0) -> Faces:
        """The last frame once more, as when the threshold is changed while it stays: known faces keep their numbers,
        others have none (0); nothing is smoothed."""
        over = found.only(found.scores >= threshold)
        time_s = self._time_s or 0.0
        ids = np.zeros(len(over), np.intp)
        for track, box in assign([track.predicted(time_s) for track in self._tracks], centred(over.boxes)):
            ids[box] = self._tracks[track].number
        private = self._faces(time_s, hold_s, self._private(found, threshold)).private
        return Faces(Detections(over.boxes, over.scores, ids), private)

    @staticmethod
    def _private(found: Detections, threshold: float) -> Array:
        return found.boxes[found.scores >= PRIVATE_SHARE * threshold]

    def _faces(self, time_s: float, hold_s: float, private: Array) -> Faces:
        """What is shown at that time; `private` with the places of faces that the last searched frame lacked."""
        searched_s = self._time_s or 0.0
        shown = sorted((track for track in self._tracks if track.shown), key=lambda track: -track.confidence)
        lost = [
            track.reach(time_s)
            for track in self._tracks
            if track.seen_s < searched_s and (track.shown or (track.number and searched_s - track.seen_s <= hold_s))
        ]
        scores = np.array([track.score for track in shown], np.float32)
        numbers = np.array([track.number for track in shown], np.intp)
        faces = Detections(_rows(_cornered(track.predicted(time_s)) for track in shown), scores, numbers)
        return Faces(faces, np.concatenate([private, _rows(lost)]) if lost else private)


class _Track:
    """A face. number: 0 until it has been shown; state: its smoothed box; velocity: of that, pixels per second; raw,
    score: the last box as found; hits: boxes so far; seen_s: when the last one was. Boxes are cx cy w h, pixels."""

    def __init__(self, box: Box, score: float, time_s: float) -> None:
        self.number, self.shown = 0, False
        self.state, self.velocity, self.raw = box, (0.0, 0.0, 0.0, 0.0), box
        self.score = self.confidence = score
        self.hits, self.seen_s = 1, time_s

    def judge(self, found: bool, share: float) -> None:
        """Takes in the score of the box that was found in this frame, or 0. share: what the frame counts."""
        now = self.score if found else 0.0
        self.confidence += share * (now - self.confidence)
        if now >= SURE_SCORE:  # such a score is believed at once
            self.confidence = max(self.confidence, now)

    def show(self, threshold: float) -> None:
        """Whether it has earned it, or earns it still."""
        earned = self.hits >= CONFIRMED_BOXES or self.confidence >= SURE_SCORE
        stays = self.shown and self.confidence >= KEEP_SHARE * threshold
        self.shown = stays or (earned and self.confidence >= threshold)

    def predicted(self, time_s: float) -> Box:
        """Its box at that time: the longer it has had none, the less it goes on in its direction."""
        missing_s = time_s - self.seen_s
        if missing_s <= 0:
            return self.state
        reach_s = _COASTING_S * (1 - math.exp(-missing_s / _COASTING_S))
        (x, y, width, height), (across, down, _, _) = self.state, self.velocity
        return x + across * reach_s, y + down * reach_s, width, height

    def reach(self, time_s: float) -> Box:
        """x1 y1 x2 y2 around the last box and where it should be at that time: a face may have stopped, too."""
        (x1, y1, x2, y2), (left, top, right, bottom) = _cornered(self.raw), _cornered(self.predicted(time_s))
        return min(x1, left), min(y1, top), max(x2, right), max(y2, bottom)

    def follow(self, box: Box, score: float, time_s: float, step_s: float, options: TrackingOptions) -> None:
        """Takes in its box: the one-euro filter.

        Centre and size have a cutoff each. Speeds are in face sizes per second, so that near and far faces come to
        rest alike; the lowest cutoff follows from the frame rate, so that `smoothing` counts frames.
        """
        dt_s = max(time_s - self.seen_s, 1e-6)
        past = _share(_VELOCITY_CUTOFF_HZ, dt_s)
        now = zip(box, self.raw, self.velocity, strict=True)
        across, down, wider, higher = [speed + past * ((here - there) / dt_s - speed) for here, there, speed in now]
        of_centre = of_size = 1.0
        if options.smoothing > 0:
            lowest_hz = 1 / (2 * math.pi * options.smoothing * step_s)
            gain = options.speed_gain / max(box[2], box[3], 1.0)
            of_centre = _share(lowest_hz + gain * math.hypot(across, down), dt_s)
            of_size = _share(lowest_hz + gain * math.hypot(wider, higher), dt_s)
        x, y, width, height = self.state
        self.state = (
            x + of_centre * (box[0] - x),
            y + of_centre * (box[1] - y),
            width + of_size * (box[2] - width),
            height + of_size * (box[3] - height),
        )
        self.velocity = (across, down, wider, higher)
        self.raw, self.score, self.seen_s = box, score, time_s
        self.hits += 1


def _share(cutoff_hz: float, dt_s: float) -> float:
    """What a low-pass filter of that cutoff takes of a value that comes after `dt_s`."""
    return 1 / (1 + 1 / (2 * math.pi * cutoff_hz * dt_s))


def assign(tracks: Sequence[Box], boxes: Sequence[Box], reach: Sequence[float] | None = None) -> list[tuple[int, int]]:
    """Pairs of a track and a box, all cx cy w h, as indices, nearest pairs first; each is in one at the most.

    Faces hardly overlap, so that the greedy assignment is the optimal one but for rare moments. Pairs that overlap come
    before those that only lie near each other, as after a fast motion. reach: of each track, so many times as far as
    usual may that be.
    """
    if not tracks or not boxes:
        return []
    in_order = sorted(range(len(boxes)), key=lambda column: boxes[column][0])
    places = [boxes[column][0] for column in in_order]
    widest, tallest = max(box[2] for box in boxes), max(box[3] for box in boxes)
    near: list[tuple[float, int, int]] = []
    for row, track in enumerate(tracks):
        x, y, width, height = track
        size = math.sqrt(max(width * height, 1e-6))
        far = _MAX_DISTANCE * size * (reach[row] if reach else 1.0)
        across, down = max((width + widest) / 2, far), max((height + tallest) / 2, far)
        for column in in_order[bisect_left(places, x - across) : bisect_right(places, x + across)]:
            if abs(boxes[column][1] - y) <= down:
                closeness = _closeness(track, boxes[column], size, far)
                if closeness > 0:
                    near.append((-closeness, row, column))
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, row, column in sorted(near):
        if row not in pairs and column not in taken:
            pairs[row] = column
            taken.add(column)
    return list(pairs.items())


def _closeness(track: Box, box: Box, size: float, far: float) -> float:
    """Over 1 where they overlap, 1 to 0 where they are alike and their centres at most `far` apart, else 0 or less."""
    (x, y, width, height), (other_x, other_y, other_width, other_height) = track, box
    across = min(x + width / 2, other_x + other_width / 2) - max(x - width / 2, other_x - other_width / 2)
    down = min(y + height / 2, other_y + other_height / 2) - max(y - height / 2, other_y - other_height / 2)
    if across > 0 and down > 0:
        overlap = across * down
        iou = overlap / (width * height + other_width * other_height - overlap)
        if iou >= _MIN_IOU:
            return 1 + iou
    ratio = math.sqrt(max(other_width * other_height, 1e-6)) / size
    if max(ratio, 1 / ratio) > _MAX_SIZE_RATIO:
        return 0.0
    return 1 - math.hypot(x - other_x, y - other_y) / far


def centred(boxes: Array) -> list[Box]:
    """x1 y1 x2 y2, (N, 4), to cx cy w h."""
    return [((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1) for x1, y1, x2, y2 in boxes.tolist()]


def _cornered(box: Box) -> Box:
    """cx cy w h to x1 y1 x2 y2."""
    x, y, width, height = box
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _rows(boxes: Iterable[Box]) -> Array:
    """(N, 4) float32."""
    return np.array(list(boxes), np.float32).reshape(-1, 4)
