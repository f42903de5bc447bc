"""Where a picture lies in a view, with zoom and pan, and which point of one is which point of the other. No Qt in here.

View positions are Qt's logical pixels with the origin at the view's top left corner, whatever the screen's pixel ratio;
picture positions are picture pixels, so that (0.5, 0.5) is the middle of the first one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

MAX_ZOOM = 32.0


@dataclass(frozen=True)
class Placement:
    """A picture's place in a view.

    view_px, picture_px: (width, height); zoom: 1 fits the picture into the view; centre_px: the picture's point (x, y)
    that lies in the middle of the view.
    """

    view_px: tuple[float, float]
    picture_px: tuple[int, int]
    zoom: float = 1.0
    centre_px: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def fit(cls, view_px: tuple[float, float], picture_px: tuple[int, int]) -> Placement:
        """The whole picture, as large as it gets."""
        return cls(view_px, picture_px, 1.0, (picture_px[0] / 2, picture_px[1] / 2))

    @cached_property
    def scale(self) -> float:
        """View pixels per picture pixel."""
        fit = min(self.view_px[0] / self.picture_px[0], self.view_px[1] / self.picture_px[1])
        return max(fit, 1e-3) * self.zoom

    @property
    def rect(self) -> tuple[float, float, float, float]:
        """x, y, width, height of the picture in the view; may reach beyond it."""
        x, y = self.to_view(0, 0)
        return x, y, self.picture_px[0] * self.scale, self.picture_px[1] * self.scale

    def to_view(self, x: float, y: float) -> tuple[float, float]:
        """The view's point over a picture's point."""
        return (
            self.view_px[0] / 2 + (x - self.centre_px[0]) * self.scale,
            self.view_px[1] / 2 + (y - self.centre_px[1]) * self.scale,
        )

    def to_picture(self, x: float, y: float) -> tuple[float, float] | None:
        """The picture's point under a view's point, None outside of the picture."""
        across, down = self._under(x, y)
        inside = 0 <= across < self.picture_px[0] and 0 <= down < self.picture_px[1]
        return (across, down) if inside else None

    def clamped(self, x: float, y: float) -> tuple[float, float]:
        """Like `to_picture`, but outside of the picture its nearest point."""
        across, down = self._under(x, y)
        edge = 1e-6
        return min(max(across, 0.0), self.picture_px[0] - edge), min(max(down, 0.0), self.picture_px[1] - edge)

    def _under(self, x: float, y: float) -> tuple[float, float]:
        """The point under a view's point, in the picture or outside of it."""
        return (
            self.centre_px[0] + (x - self.view_px[0] / 2) / self.scale,
            self.centre_px[1] + (y - self.view_px[1] / 2) / self.scale,
        )

    def zoomed(self, factor: float, x: float, y: float) -> Placement:
        """Zoomed by a factor, with the picture's point under the view's point (x, y) staying there if it can."""
        zoom = min(max(self.zoom * factor, 1.0), MAX_ZOOM)
        across, down = self._under(x, y)
        after = replace(self, zoom=zoom)
        centre = (across - (x - self.view_px[0] / 2) / after.scale, down - (y - self.view_px[1] / 2) / after.scale)
        return replace(after, centre_px=centre)._kept_in()

    def panned(self, dx: float, dy: float) -> Placement:
        """Moved by view pixels, as far as the picture goes."""
        centre = (self.centre_px[0] - dx / self.scale, self.centre_px[1] - dy / self.scale)
        return replace(self, centre_px=centre)._kept_in()

    def resized(self, view_px: tuple[float, float]) -> Placement:
        """The same zoom and centre in a view of another size."""
        return replace(self, view_px=view_px)._kept_in()

    def _kept_in(self) -> Placement:
        """With no surround on a side where there is picture to fill it."""
        centre = []
        for axis in (0, 1):
            half = self.view_px[axis] / self.scale / 2
            size = self.picture_px[axis]
            centre.append(size / 2 if 2 * half >= size else min(max(self.centre_px[axis], half), size - half))
        return replace(self, centre_px=(centre[0], centre[1]))
