"""What the gallery says in more than a few words."""

from __future__ import annotations

from typing import Any

from sagan_gallery.attention import GAMMA_NEAR_0
from sagan_gallery.sample import Sample

HELP_TITLE = "What am I looking at?"
HELP = "\n\n".join(
    (
        "A generative adversarial network has learned to paint pictures from random numbers, its latents. Half-"
        "way, when the picture is still a coarse grid of feature cells, a self-attention layer lets every cell "
        "look at all others and take from them what it needs.",
        "Move over the picture: the cell under the cursor is the query, and the map shows how its attention is "
        "spread over the keys. Bright cells are those that it looks at. Click to pin a query and compare its map "
        "with others; drag a pin to move it.",
        "γ says how strongly the layer's result is added to the picture. Near 0, the map has no say in what you "
        "see: move “Attention” between 0 and 2 to see what it changes.",
        "The figures below the picture compare a map with an even one, which has no preference: fewer bits of "
        "entropy mean a more pointed map, and many pixels “away” mean that the query looks far beyond its "
        "surroundings.",
        "Zhang, Goodfellow, Metaxas, Odena: Self-Attention Generative Adversarial Networks, 2018 (arXiv 1805.08318)",
    )
)


def about_model(name: str, metadata: dict[str, Any]) -> str:
    """What a model file says of itself: training data and licence."""
    data = metadata.get("data") or "data that it does not name"
    licence = metadata.get("licence") or "not stated"
    return f"This model, {name}, was trained on {data}. Licence: {licence}."


NO_MODEL_TITLE = "No generator yet"
NO_MODEL = (
    "This copy of the program comes without trained weights. Open an ONNX file that train.sagan.export has written, "
    "or drop one here."
)
WRONG_MODEL_TITLE = "This generator can't be opened"


def notice(sample: Sample, effect_levels: float | None) -> str:
    """What to be told about a sample before one believes its map. effect_levels: what attention changes, of 255."""
    if not abs(sample.gamma) < GAMMA_NEAR_0:
        return ""
    text = f"γ is {sample.gamma:.3f}, near 0: the map hardly influences this picture."
    if effect_levels is not None and len(sample.layers) == 1:
        text += f" Switching attention off changes it by {effect_levels:.1f} of 255 levels."
    return text


def size_words(sample: Sample) -> str:
    """The picture's size and the two grids."""
    height, width = sample.size_px
    (query_rows, query_columns), (key_rows, key_columns) = sample.query_grid, sample.key_grid
    return f"{width} × {height} px, queries {query_columns} × {query_rows}, keys {key_columns} × {key_rows}"
