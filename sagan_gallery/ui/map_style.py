"""How maps are shown, remembered between starts. Plain values, no widgets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from facecam.arrays import Array
from facecam.qtkit.settings import Key
from sagan_gallery.attention import Direction
from sagan_gallery.colormap import NAMES
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
    """For an own picture; the three before it are for a generated one."""


@dataclass(frozen=True)
class MapStyle:
    """opacity, mass_share: 0..1; colours: name of a colour map; stretch: colours from the smallest weight on instead of
    from 0; mass_share: of `Kind.MASK`; arrows: to the five strongest cells; smooth: between cells, in maps and
    picture; one_scale: the colours of all pins' maps beside the picture stand for the same weights."""

    kind: Annotated[Kind, Key("gallery/overlay")] = Kind.HEAT
    opacity: Annotated[float, Key("gallery/opacity", (0.0, 1.0))] = 0.75
    colours: Annotated[str, Key("gallery/colours", NAMES)] = "magma"
    log: Annotated[bool, Key("gallery/log")] = False
    stretch: Annotated[bool, Key("gallery/stretch")] = False
    smooth: Annotated[bool, Key("gallery/smooth")] = True
    mass_share: Annotated[float, Key("gallery/strongest-part", (0.05, 0.95))] = 0.5
    direction: Annotated[Direction, Key("gallery/direction")] = Direction.ROW
    arrows: Annotated[bool, Key("gallery/arrows")] = False
    one_scale: Annotated[bool, Key("gallery/one-scale")] = True

    def range_of(self, weights: Array, most: float = math.inf) -> Range:
        """The values that the colours of a map stand for, or of maps (n, h, w) together; most: as of `Range.of`."""
        return Range.of(weights, self.log, self.stretch, self.direction is Direction.RELATIVE, most)

    @property
    def tells_by_colour(self) -> bool:
        """Whether a map's colours say more than how its weights compare with an even map's."""
        return self.log or self.stretch or self.direction is Direction.RELATIVE
