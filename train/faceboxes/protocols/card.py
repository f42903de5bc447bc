"""What a model card tells of a file: measured on pictures of sources that training lacks and of its own, on face-free
ones and on webcam clips."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facecam.bench.wider_labels import Labelled
from facecam.faces.tracking import TrackingOptions
from train.faceboxes.data.batches import validation_pictures
from train.faceboxes.protocols.canvas import FACELESS_EVENT, OnCanvas, face_curve_on, run_canvas, score
from train.faceboxes.protocols.pictures import Detect
from train.faceboxes.protocols.threshold import Thresholds, share_of_faces
from train.faceboxes.protocols.webcam import Clip, clip_files, measure_clips, reference_track, run_clip, track

SHOWN = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Thresholds and scores of which the card tells."""


@dataclass(frozen=True, eq=False)
class Material:
    """What is measured on. events: their names, that which curve and threshold are chosen on first; clips: files."""

    events: tuple[str, ...]
    pictures: Mapping[str, Sequence[Labelled]]
    clips: Sequence[Path]

    @classmethod
    def read(cls, faces: Path, clips: Path, events: Sequence[str]) -> Material:
        """faces: a folder in the WIDER FACE layout, whose validation part is taken. Raises FacecamError."""
        return cls(tuple(events), validation_pictures(faces, events), clip_files(clips))

    def found_on(self, detect: Detect, event: str) -> list[OnCanvas]:
        """The detections in the pictures of an event, letterboxed into 640x480."""
        return run_canvas(detect, self.pictures[event], progress=True)


class Measured:
    """The detections of one file on all of the material. detect: down to a low score."""

    def __init__(self, detect: Detect, material: Material) -> None:
        self.pictures = {event: material.found_on(detect, event) for event in material.pictures}
        self.clips: list[Clip] = []
        for path in material.clips:
            found = run_clip(detect, path)
            self.clips.append((found, reference_track(found)))
        self._events = material.events
        self.thresholds = Thresholds(self.pictures[material.events[0]], self.pictures[FACELESS_EVENT], self.clips)

    def figures(self, threshold: float) -> dict[str, Any]:
        """The card's figures by name, and those at the default threshold."""
        figures: dict[str, Any] = {}
        for event in self._events:
            report = score(self.pictures[event])
            areas = {f">={size} px" if size else "all": value for size, value in report.ap.items()}
            sizes = {f"{name} px": value for name, value in report.ap_by_size.items()}
            figures[f"AP on WIDER_val {event}, letterboxed into 640x480"] = _known(areas | sizes | report.ap_by_source)
            figures[f"recall on {event} at 50 false boxes"] = report.recall_at_50_false
        chosen_on, photos = self._events[0], len(self.pictures[FACELESS_EVENT])
        point = self.thresholds.at(threshold)
        figures[f"at the default threshold, on {chosen_on}"] = {
            "recall": point.recall,
            "recall of faces >= 24 px": point.recall_24px,
            "precision": point.precision,
            f"boxes in {photos} photos without a face": round(point.false_per_100_photos * photos / 100),
        }
        points = (self.thresholds.at(at) for at in SHOWN)
        figures[f"at threshold (boxes in 100 photos without a face; on {chosen_on}: recall, >= 24 px, precision)"] = {
            f"{at.threshold:.2f}": f"{at.false_per_100_photos:.1f}; {at.recall:.3f}, {at.recall_24px:.3f},"
            f" {at.precision:.3f}"
            for at in points
        }
        for event in self._events:
            curve = face_curve_on(self.pictures[event])
            shares = {f"{at:.1f}": share_of_faces(curve, at) for at in SHOWN}
            figures[f"of the boxes of such a score on {event}, faces"] = _known(shares)
        tracked = [(track(found, threshold, TrackingOptions()), face) for found, face in self.clips]
        for words, clips in (("", self.clips), (", tracked", tracked)):
            measure = measure_clips(clips, threshold)
            figures[f"webcam clips at the default threshold{words} (own track as reference)"] = {
                "share of frames lost": measure.lost,
                "boxes elsewhere a frame": measure.other,
                "jitter of centre, %": measure.jitter_centre,
                "jitter of size, %": measure.jitter_size,
            }
        return figures

    def false_share(self) -> list[tuple[float, float]]:
        """Of the boxes from a threshold on, how many are no faces: threshold and share, for the window's slider."""
        return [(at, round(1 - self.thresholds.at(at).precision, 4)) for at in (step / 20 for step in range(1, 20))]


def _known(figures: dict[str, float]) -> dict[str, float]:
    """Without those that there was nothing to measure of."""
    return {name: value for name, value in figures.items() if not math.isnan(value)}
