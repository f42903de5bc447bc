"""Snapshots: a view as a PNG that tells in its text chunks how it came about."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from PIL import Image, PngImagePlugin

from facecam.faces.drawing import draw_detections
from facecam.live.pipeline import View
from facecam.saving.export import record
from facecam.system.files import writing
from facecam.system.opencv import cv2

METADATA_KEY = "facecam"


@dataclass(frozen=True)
class SnapshotFacts:
    """What a view itself does not know. source: its name for people; taken: when, with the time zone."""

    source: str
    model: str
    runtime: str
    threshold: float
    nms: float
    taken: datetime


def write_snapshot(path: Path, view: View, facts: SnapshotFacts, annotated: bool) -> None:
    """Writes a PNG, replacing what is there. Where privacy is on, its faces are hidden. Raises FacecamError.

    Text chunks: Title, Software, Creation Time, and under METADATA_KEY a JSON object with the facts and the faces.
    """
    image = draw_detections(view.image, view.detections) if annotated else view.image
    result = record(facts.source, view.detected_frame, view.detections)
    told: dict[str, Any] = {
        **vars(facts),
        "taken": facts.taken.isoformat(timespec="milliseconds"),
        "annotated": annotated,
        "faces_hidden": view.privacy is not None,
        **result,
    }
    chunks = PngImagePlugin.PngInfo()
    chunks.add_itxt("Title", f"{facts.source}, {len(view.detections)} faces")
    chunks.add_text("Software", "facecam")
    chunks.add_text("Creation Time", facts.taken.isoformat(timespec="seconds"))
    chunks.add_itxt(METADATA_KEY, json.dumps(told, ensure_ascii=False))
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)).save(path, "PNG", pnginfo=chunks, compress_level=4)
