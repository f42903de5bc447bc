"""Colours of the boxes, in the window and in files: one for plain detections, others by a followed face's number.

Bright, for pictures of any kind, and told apart by people who confuse red and green. The first is the accent's hue, so
that a single person who is followed looks as a plain detection does.
"""

from __future__ import annotations

BOX_COLOURS = ("#3df0cf", "#ffc145", "#ff7ac6", "#7cc4ff", "#d8f25c", "#c8a2ff", "#ff9466")


def colour_of(number: int) -> int:
    """Index of the colour of the face with that number; one without a number (0) has the first."""
    return max(0, number - 1) % len(BOX_COLOURS)


def label(number: int, score: float) -> str:
    """What is written on a box: the score to two digits, after the number of a face that is followed."""
    return f"#{number}  {score:.2f}" if number else f"{score:.2f}"


def bgr(number: int) -> tuple[int, int, int]:
    """The colour of the face with that number, as OpenCV wants it."""
    red, green, blue = bytes.fromhex(BOX_COLOURS[colour_of(number)][1:])
    return blue, green, red
