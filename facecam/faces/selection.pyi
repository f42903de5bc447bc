"""selection.c, which is compiled when facecam is installed."""

from facecam.arrays import Array

def select(
    offsets: Array,
    scores: Array,
    logits: bool,
    anchors: Array,
    near: float,
    far: float,
    threshold: float,
    most: int,
    iou: float,
    voter_score: float,
    width: float,
    height: float,
    found: Array,
) -> int:
    """Fills `found` (750, 5) float32 with x1 y1 x2 y2 and score, best first; returns how many. The rest is as in
    `facecam.faces.boxes`; `most`: so many candidates are decoded, the best. Raises ValueError for other arrays."""
