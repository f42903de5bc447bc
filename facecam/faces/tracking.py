"""Tracking: faces keep a number, their boxes come to rest, and what flickers for a frame is neither shown nor lost.

Three simple means, for a detector that is right nearly always and a scene of few faces that move little between frames:

- Assignment: nearest pairs first, of the boxes and of where the tracks should be by now.
- Confidence: the running mean of a face's scores, a frame without a box counting as 0. A face is shown from its third
  box on if its confidence has reached the threshold (at once if a score is very high), and for as long as the
  confidence stays above a lower one. A sure face thus outlasts three or four frames without a box, a doubtful one none.
- The one-euro filter (Casiez et al., CHI 2012) on centre and size: its cutoff rises with the speed.

Why not norfair or ByteTrack: docs/adr/0010.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array
from facecam.faces.boxes import Detections, pairwise_iou

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
        self._tracks = _Tracks.none()

    def reset(self) -> None:
        """Forgets all faces: another scene begins."""
        self._time_s, self._tracks = None, _Tracks.none()

    def update(
        self, found: Detections, time_s: float, threshold: float, options: TrackingOptions, hold_s: float = 0.0
    ) -> Faces:
        """The faces of the next frame. found: its detections, down to `threshold * CANDIDATE_SHARE`."""
        step_s = 0.0 if self._time_s is None else time_s - self._time_s
        if not 0 <= step_s <= _GAP_S:
            self.reset()
        step_s = max(step_s, _SHORTEST_STEP_S)
        self._time_s = time_s
        tracks, boxes = self._tracks, to_centre(found.boxes)
        track, box = assign(tracks.predicted(time_s), boxes)
        tracks.follow(track, boxes[box], time_s, step_s, options)
        tracks.judge(track, found.scores[box], step_s)
        new = np.ones(len(boxes), np.bool_)
        new[box] = False
        if new.any():
            tracks = tracks.joined(_Tracks.new(boxes[new], found.scores[new], time_s))
        if threshold > self._threshold:  # raised by the user, who wants to see what that does
            tracks.shown &= tracks.confidence >= threshold
        self._threshold = threshold
        self._given = tracks.show(threshold, self._given)
        # One that has not been shown goes with its first miss: that is what flickers.
        missing_s = time_s - tracks.seen_s
        keep = (missing_s == 0) | ((tracks.ids > 0) & (missing_s <= max(REMEMBERED_S, hold_s)))
        self._tracks = tracks if keep.all() else tracks.only(keep)
        return self._faces(time_s, hold_s, self._private(found, threshold))

    def between(self, time_s: float, hold_s: float = 0.0) -> Faces:
        """The faces of a frame that was not searched: where those of the last one should be by now."""
        tracks = self._tracks
        return self._faces(time_s, hold_s, tracks.reach(time_s)[tracks.seen_s == self._time_s])

    def again(self, found: Detections, threshold: float, hold_s: float = 0.0) -> Faces:
        """The last frame once more, as when the threshold is changed while it stays: known faces keep their numbers,
        others have none (0); nothing is smoothed."""
        over = found.only(found.scores >= threshold)
        time_s = self._time_s or 0.0
        ids = np.zeros(len(over), np.intp)
        track, box = assign(self._tracks.predicted(time_s), to_centre(over.boxes))
        ids[box] = self._tracks.ids[track]
        private = self._faces(time_s, hold_s, self._private(found, threshold)).private
        return Faces(Detections(over.boxes, over.scores, ids), private)

    @staticmethod
    def _private(found: Detections, threshold: float) -> Array:
        return found.boxes[found.scores >= PRIVATE_SHARE * threshold]

    def _faces(self, time_s: float, hold_s: float, private: Array) -> Faces:
        """What is shown at that time; `private` with the places of faces that the last searched frame lacked."""
        tracks = self._tracks
        now = _to_corners(tracks.predicted(time_s))
        shown = np.flatnonzero(tracks.shown)
        shown = shown[np.argsort(-tracks.confidence[shown], kind="stable")]
        missing_s = (self._time_s or 0.0) - tracks.seen_s
        lost = (missing_s > 0) & (tracks.shown | ((tracks.ids > 0) & (missing_s <= hold_s)))
        faces = Detections(now[shown], tracks.scores[shown], tracks.ids[shown])
        return Faces(faces, np.concatenate([private, tracks.reach(time_s)[lost]]))


@dataclass
class _Tracks:
    """N faces. ids: (N,) intp, 0 until it has been shown; shown: (N,) bool; state: (N, 4) float32, cx cy w h, pixels,
    smoothed; velocity: (N, 4), pixels per second; raw: (N, 4), the last box as found; scores: (N,), of that box;
    confidence: (N,); hits: (N,), boxes so far; seen_s: (N,) float64, when the last box was."""

    ids: npt.NDArray[np.intp]
    shown: npt.NDArray[np.bool_]
    state: Array
    velocity: Array
    raw: Array
    scores: Array
    confidence: Array
    hits: npt.NDArray[np.intp]
    seen_s: npt.NDArray[np.float64]

    @classmethod
    def new(cls, boxes: Array, scores: Array, time_s: float) -> _Tracks:
        count = len(boxes)
        return cls(
            ids=np.zeros(count, np.intp),
            shown=np.zeros(count, np.bool_),
            state=boxes.copy(),
            velocity=np.zeros_like(boxes),
            raw=boxes,
            scores=scores.copy(),
            confidence=scores.copy(),
            hits=np.ones(count, np.intp),
            seen_s=np.full(count, time_s),
        )

    @classmethod
    def none(cls) -> _Tracks:
        return cls.new(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), 0.0)

    def only(self, keep: npt.NDArray[np.bool_]) -> _Tracks:
        return _Tracks(*(values[keep] for values in vars(self).values()))

    def joined(self, other: _Tracks) -> _Tracks:
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return _Tracks(*(np.concatenate(pair) for pair in pairs))

    def judge(self, track: npt.NDArray[np.intp], scores: Array, step_s: float) -> None:
        """Takes in the scores (K,) of the tracks (K,) that have a box, and 0 for the others."""
        share = min(1 - np.exp(-step_s / _CONFIDENCE_S), _MOST_OF_CONFIDENCE)
        now = np.zeros(len(self.ids), np.float32)
        now[track] = self.scores[track] = scores
        self.confidence += np.float32(share) * (now - self.confidence)
        sure = now >= SURE_SCORE  # such a score is believed at once
        self.confidence[sure] = np.maximum(self.confidence[sure], now[sure])

    def show(self, threshold: float, given: int) -> int:
        """Shows those that have earned it, numbered from `given` + 1 on; returns the last number."""
        starts = (self.confidence >= threshold) & ((self.hits >= CONFIRMED_BOXES) | (self.confidence >= SURE_SCORE))
        self.shown = starts | (self.shown & (self.confidence >= KEEP_SHARE * threshold))
        new = np.flatnonzero(self.shown & (self.ids == 0))
        self.ids[new] = given + 1 + np.arange(len(new))
        return given + len(new)

    def predicted(self, time_s: float) -> Array:
        """(N, 4) cx cy w h at that time: the longer without a box, the less it goes on in its direction."""
        missing_s = np.maximum(0.0, time_s - self.seen_s)
        reach_s = _COASTING_S * (1 - np.exp(-missing_s / _COASTING_S))
        result = self.state.copy()
        result[:, :2] += self.velocity[:, :2] * reach_s[:, None].astype(np.float32)
        return result

    def reach(self, time_s: float) -> Array:
        """(N, 4) x1 y1 x2 y2 around the last box and where it should be at that time: a face may have stopped, too."""
        last, now = _to_corners(self.raw), _to_corners(self.predicted(time_s))
        return np.concatenate([np.minimum(last[:, :2], now[:, :2]), np.maximum(last[:, 2:], now[:, 2:])], axis=1)

    def follow(
        self,
        track: npt.NDArray[np.intp],
        boxes: Array,
        time_s: float,
        step_s: float,
        options: TrackingOptions,
    ) -> None:
        """Takes in the boxes (K, 4) cx cy w h that were assigned to the tracks (K,): the one-euro filter.

        Centre and size have a cutoff each. Speeds are in face sizes per second, so that near and far faces come to
        rest alike; the lowest cutoff follows from the frame rate, so that `smoothing` counts frames.
        """
        if len(track) == 0:
            return
        dt_s = np.maximum(time_s - self.seen_s[track], 1e-6)[:, None]
        past = 1 / (1 + 1 / (2 * np.pi * _VELOCITY_CUTOFF_HZ * dt_s))
        velocity = self.velocity[track] + past * ((boxes - self.raw[track]) / dt_s - self.velocity[track])
        if options.smoothing > 0:
            size_px = np.maximum(boxes[:, 2:].max(axis=1, keepdims=True), 1.0)
            speeds = np.repeat(np.hypot(velocity[:, 0::2], velocity[:, 1::2]) / size_px, 2, axis=1)
            lowest_hz = 1 / (2 * np.pi * options.smoothing * step_s)
            cutoff_hz = lowest_hz + options.speed_gain * speeds
            share = 1 / (1 + 1 / (2 * np.pi * cutoff_hz * dt_s))
        else:
            share = np.ones((1, 4))
        self.state[track] += (share * (boxes - self.state[track])).astype(np.float32)
        self.velocity[track] = velocity
        self.raw[track], self.seen_s[track] = boxes, time_s
        self.hits[track] += 1


def assign(
    tracks: Array, boxes: Array, reach: Array | float = 1.0
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Pairs of a track (N, 4) and a box (M, 4), both cx cy w h: two (K,) arrays of indices. Nearest pairs first.

    Faces hardly overlap, so that the greedy assignment is the optimal one but for rare moments. Pairs that overlap come
    before those that only lie near each other, as after a fast motion. reach: (N,), so many times as far as usual may
    that be.
    """
    none = np.zeros(0, np.intp)
    if len(tracks) == 0 or len(boxes) == 0:
        return none, none
    iou = pairwise_iou(_to_corners(tracks), _to_corners(boxes))
    size = np.sqrt(np.maximum(tracks[:, 2] * tracks[:, 3], 1e-6))[:, None]
    ratio = np.sqrt(np.maximum(boxes[:, 2] * boxes[:, 3], 1e-6))[None] / size
    distance = np.hypot(tracks[:, None, 0] - boxes[None, :, 0], tracks[:, None, 1] - boxes[None, :, 1])
    distance /= size * np.reshape(np.asarray(reach, np.float32), (-1, 1))
    alike = np.maximum(ratio, 1 / ratio) <= _MAX_SIZE_RATIO
    closeness = np.where(iou >= _MIN_IOU, 1 + iou, np.where(alike, 1 - distance / _MAX_DISTANCE, 0))
    rows, columns = np.nonzero(closeness > 0)
    pairs: list[tuple[int, int]] = []
    free_rows, free_columns = set(rows.tolist()), set(columns.tolist())
    for index in np.argsort(-closeness[rows, columns], kind="stable").tolist():
        row, column = int(rows[index]), int(columns[index])
        if row in free_rows and column in free_columns:
            free_rows.remove(row)
            free_columns.remove(column)
            pairs.append((row, column))
    chosen = np.array(pairs, np.intp).reshape(-1, 2)
    return chosen[:, 0], chosen[:, 1]


def to_centre(boxes: Array) -> Array:
    """x1 y1 x2 y2 to cx cy w h."""
    return np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], axis=1)


def _to_corners(boxes: Array) -> Array:
    """cx cy w h to x1 y1 x2 y2."""
    return np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], axis=1)
