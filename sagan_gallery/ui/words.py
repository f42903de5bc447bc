"""What the gallery says in more than a few words."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from facecam.arrays import Array, Image
from facecam.qtkit.theme import STAGE_TEXT
from facecam.qtkit.wording import counted
from sagan_gallery.attention import GAMMA_NEAR_0, NEARLY_EVEN, Direction, mean_evenness
from sagan_gallery.latent import SampleSpec
from sagan_gallery.overlay import mean_change
from sagan_gallery.sample import Sample

HELP_TITLE = "What am I looking at?"
HELP = (
    (
        "A picture out of noise",
        "A generator has learned to paint pictures from random numbers, its latents. Half-way, when the picture is "
        "still a coarse grid of feature cells, a self-attention layer lets every cell look at all others and take "
        "from them what it needs.",
    ),
    (
        "The map",
        "Move over the picture. The outlined cell under the cursor asks: it is the query. The map shows how its "
        "attention is spread over the keys, the cells that can answer; bright ones are those it looks at. All look at "
        "a few places in common: “Own preference” (Direction, under More) leaves them out, and shapes come out.",
    ),
    (
        "Pins",
        "Click to pin a query and compare its map with others. Drag a pin or move it with the arrow keys, remove it "
        "with a right click. T pins four queries whose maps differ most.",
    ),
    (
        "γ",
        "How strongly the layer's result is added to the picture. Near 0, the map has no say in what you see: move "
        "“Attention” between 0 and 2, or show the difference, to see what it changes.",
    ),
    (
        "The figures",
        "They compare a map with an even one, which has no preference. Fewer bits of entropy mean a more pointed map; "
        "a large mean distance, that the query looks far beyond its surroundings.",
    ),
    (
        "The paper",
        "Zhang, Goodfellow, Metaxas, Odena: Self-Attention Generative Adversarial Networks, 2018 (arXiv 1805.08318).",
    ),
)
"""(heading, text)"""


def help_html(model: str) -> str:
    """The explanation as rich text. model: what to say of the model that is open, if one is."""
    parts = [*HELP, ("This model", model)] if model else HELP
    style = f"color: {STAGE_TEXT.name()}"
    return "".join(f"<p><b style='{style}'>{escape(heading)}.</b> {escape(text)}</p>" for heading, text in parts)


def about_model(name: str, metadata: dict[str, Any]) -> str:
    """What a model file says of itself: training data and licence."""
    data = metadata.get("data") or "data that it does not name"
    licence = metadata.get("licence") or "not stated"
    return f"{name} was trained on {data}. Licence: {licence}."


NO_MODEL_TITLE = "No generator yet"
NO_MODEL = (
    "This copy of the program comes without trained weights. Open an ONNX file of a generator that the project's "
    "training code has exported, or drop one here."
)
LOADING = "The first picture comes as soon as the network is read. On a busy machine that takes some seconds."
NO_PIN_LEFT = "All pins are in use: right-click one to remove it, or drag one here."
DROP = "Drop a model (.onnx), a picture or a sample text"
WRONG_MODEL_TITLE = "This generator can't be opened"


def notice(sample: Sample, effect_levels: float | None) -> tuple[str, str]:
    """What one should know of a sample before believing its map: in few words and as a sentence; empty if there is
    nothing. effect_levels: how many levels of 255 attention changes."""
    if sample.z is None and mean_evenness(sample) > NEARLY_EVEN:
        return "All maps are nearly even", "The discriminator looks everywhere alike here."
    if not abs(sample.gamma) < GAMMA_NEAR_0:
        return "", ""
    known = effect_levels is not None and len(sample.layers) == 1
    levels = f" ({effect_levels:.1f} of 255 levels)" if known else ""
    return "γ near 0: little influence", f"γ is {sample.gamma:.3f}: the map hardly influences this picture{levels}."


def effect_words(sample: Sample, without: Image) -> str:
    """What gamma means, and what it does to this picture. without: the picture without its attention (H, W, 3)."""
    sign = (
        "It is negative: what a place finds where it looks is taken away from it, so that it sets itself off from there"
        if sample.gamma < 0
        else "It is positive: what a place finds where it looks is added to it, so that it becomes more like there"
    )
    with_contrast, contrast = (float(picture.std()) for picture in (sample.image, without))
    levels = round(float(sample.image.mean()) - float(without.mean()))
    percents = round(100 * (with_contrast / max(contrast, 1e-6) - 1))
    light = f"{counted(abs(levels), 'level')} {'brighter' if levels > 0 else 'darker'}" if levels else "as bright"
    crisp = f"{abs(percents)} % {'more' if percents > 0 else 'less'}" if percents else "as much"
    return (
        f"How strongly attention acts is γ (gamma), here {sample.gamma:.2f}. {sign}. "
        f"In this picture it changes a pixel by {mean_change(sample.image, without):.0f} of 255 levels: with "
        f"attention it is {light} and has {crisp} contrast."
    )


def falls_words(sample: Sample, falls: Array) -> str:
    """What moves the score of an own picture most. falls: how far covering each place lowers it, (n, n)."""
    row, column = np.unravel_index(np.argmax(np.abs(falls)), falls.shape)
    high = ("upper", "middle", "lower")[3 * int(row) // len(falls)]
    side = ("left", "middle", "right")[3 * int(column) // len(falls)]
    place = high if high == side else f"{high} {side}"
    return f"Score {sample.score:+.1f}; most by the {place}: {falls[row, column]:+.2f}"


def class_name(label: str | None) -> str:
    """A class in words, such as "Cat bicolor" and, of "scene_street", "Street"; empty where there are none."""
    return (label or "").removeprefix("scene_").replace("_", " ").capitalize()


def title(spec: SampleSpec | None, origin: str) -> tuple[str, str]:
    """What the large picture is called, and details."""
    if spec is None:
        name, _, details = origin.partition(", ")
        return name, details
    name = class_name(spec.label) or f"Seed {spec.seed}"
    seed = "" if spec.label is None else f"seed {spec.seed}, "
    return name, f"{seed}truncation {spec.truncation:.2f}"


def file_name(spec: SampleSpec | None, origin: str) -> str:
    """What a file about the large picture is called, without its suffix, such as "cat_bicolor-42"."""
    if spec is None:
        return title(None, origin)[0].lower().replace(" ", "-")
    named = "" if spec.truncation == 1 else f"-{spec.truncation:.2f}"
    return f"{(spec.label or spec.model).replace(' ', '_')}-{spec.seed}{named}"


DIRECTIONS = {
    Direction.ROW: "Where it looks",
    Direction.RELATIVE: "Own preference",
    Direction.COLUMN: "Who looks there",
}


def caption(origin: str, sample: Sample, direction: Direction, log: bool) -> str:
    """The line below a figure: what makes it again. origin: what the picture is called; log: whether its colours are
    logarithmic."""
    number, count = sample.layer + 1, len(sample.layers)
    parts = (
        (origin, True),
        (f"layer {number} of {count}", count > 1),
        (f"γ = {sample.gamma:.3f}", True),
        (f"attention × {sample.attention_scale:.2f}", sample.attention_scale != 1),
        (DIRECTIONS[direction].lower(), direction is not Direction.ROW),
        ("logarithmic colours", log),
    )
    return "   ".join(text for text, told in parts if told)


def size_words(sample: Sample) -> str:
    """The picture's size and the two grids; of an own picture first the discriminator's score."""
    height, width = sample.size_px
    (query_rows, query_columns), (key_rows, key_columns) = sample.query_grid, sample.key_grid
    size = f"{width} × {height} px, queries {query_columns} × {query_rows}, keys {key_columns} × {key_rows}"
    if sample.score is None:
        return size
    return f"score {sample.score:+.1f}: above 0 it passes for real   ·   {size}"


def percent(value: float) -> str:
    """A share in per cent with three digits or so."""
    share = 100 * value
    if share == 0:
        return "0"
    digits = 0 if share >= 10 else 1 if share >= 1 else 2 if share >= 0.1 else 3
    return f"{share:.{digits}f} %"
