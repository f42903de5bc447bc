"""How maps are shown. Plain values, no widgets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from facecam.arrays import Array
from sagan_gallery.attention import Direction
from sagan_gallery.overlay import Range


class Kind(Enum):
    """What lies over the picture."""

    HEAT = "Heat map"
    CONTOUR = "Contours"
    MASK = "Strongest part"
    NONE = "Nothing"


class Shown(Enum):
    """Which picture the large view shows."""

    PICTURE = "Picture"
    OFF = "Attention off"
    SPLIT = "Split"
    DIFFERENCE = "Difference"
    SCORE = "Score by place"
    """Of an own picture; the three before it of a generated one."""


@dataclass(frozen=True)
class MapStyle:
    """opacity, mass_share: 0..1; colours: name of a colour map; stretch: colours from the smallest weight on instead of
    from 0; mass_share: of `Kind.MASK`; arrows: to the five strongest cells; smooth: between cells, in maps and
    picture; one_scale: the colours of all pins' maps beside the picture go up to the largest weight of all of them."""

    kind: Kind = Kind.HEAT
    opacity: float = 0.75
    colours: str = "magma"
    log: bool = False
    stretch: bool = False
    smooth: bool = True
    mass_share: float = 0.5
    direction: Direction = Direction.ROW
    arrows: bool = False
    one_scale: bool = False

    def range_of(self, weights: Array) -> Range:
        """The values that the colours of a map stand for."""
        return Range.of(weights, self.log, self.stretch)
