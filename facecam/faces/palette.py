"""Colours of the boxes, in the window and in files: one for plain detections, others by a followed face's number.

Bright, for pictures of any kind, and told apart by people who confuse red and green. The first is the accent's hue, so
that a single person who is followed looks as a plain detection does.
"""

from __future__ import annotations

_REMEMBERED = 256  # numbers whose colours are kept while they are out of sight
BOX_COLOURS = ("#3df0cf", "#ffc145", "#ff7ac6", "#7cc4ff", "#d8f25c", "#c8a2ff", "#ff9466")
PILL_BGR, PILL_OPACITY = (16, 14, 12), 0.8
"""Ground of text on a picture: dark enough that white text reads on a white wall (contrast 7:1)."""


class Colours:
    """Colours of faces that are followed: stable for as long as a number lives, and no two alike in one picture while
    the palette goes that far. A face has the colour of its number unless one that it is shown with has that already."""

    def __init__(self) -> None:
        self._given: dict[int, int] = {}

    def of(self, numbers: list[int]) -> tuple[int, ...]:
        """Indices of the colours of one picture's faces, in their order; a face without a number (0) has the first."""
        new = sorted({number for number in numbers if number} - self._given.keys())
        taken = {self._given.get(number, 0) for number in numbers if number not in new}
        for number in new:
            own = (number - 1) % len(BOX_COLOURS)
            free = [colour for colour in range(len(BOX_COLOURS)) if colour not in taken]
            self._given[number] = own if own in free or not free else free[0]
            taken.add(self._given[number])
        for number in list(self._given)[:-_REMEMBERED]:  # the oldest: a long session must not fill the memory
            if number not in numbers:
                del self._given[number]
        return tuple(self._given.get(number, 0) for number in numbers)


def label(number: int, score: float) -> str:
    """What is written on a box: the score to two digits, after the number of a face that is followed."""
    return f"#{number}  {score:.2f}" if number else f"{score:.2f}"


def bgr(colour: int) -> tuple[int, int, int]:
    """The colour with that index, as OpenCV wants it."""
    red, green, blue = bytes.fromhex(BOX_COLOURS[colour][1:])
    return blue, green, red
