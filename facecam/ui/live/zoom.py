"""Zoom: which part of the frame is seen. No Qt in here."""

from __future__ import annotations

_MOST = 8.0


class Zoom:
    """factor: how much the frame is enlarged, 1 where all of it is seen. centre: the middle of what is seen, in shares
    of the frame's width and height. followed: number of the face that is kept there as long as it is seen, 0 for none.
    """

    def __init__(self) -> None:
        self.factor, self.centre, self.followed = 1.0, (0.5, 0.5), 0

    def part(self, width: int, height: int) -> tuple[int, int, int, int]:
        """The part that is seen of a frame of that size: left, top, width, height in its pixels."""
        across, down = max(1, round(width / self.factor)), max(1, round(height / self.factor))
        left, top = round(self.centre[0] * width - across / 2), round(self.centre[1] * height - down / 2)
        return max(0, min(left, width - across)), max(0, min(top, height - down)), across, down

    def enlarge(self, factor: float, at: tuple[float, float] | None = None) -> None:
        """From 1 to 8. at: the frame's point, in shares of it, that stays where it is; None: the middle."""
        factor = max(1.0, min(_MOST, factor))
        (x, y), (at_x, at_y) = self.centre, at or self.centre
        shrink = self.factor / factor
        self.look_at(factor, at_x + (x - at_x) * shrink, at_y + (y - at_y) * shrink)

    def look_at(self, factor: float, x: float, y: float) -> None:
        """Brings that point, in shares of the frame, as near to the middle as the frame's edges allow."""
        half = 0.5 / factor
        self.factor, self.centre = factor, (max(half, min(1 - half, x)), max(half, min(1 - half, y)))

    def reset(self) -> None:
        """All of the frame is seen again."""
        self.followed = 0
        self.look_at(1.0, 0.5, 0.5)
