"""What the window says, in plain words. No Qt in here."""

from __future__ import annotations

import math


def number(value: float) -> str:
    """A rate or a time for people: one decimal below 10, none above, a dash while nothing has been measured."""
    if not math.isfinite(value) or value <= 0:
        return "–"
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def percent(share: float) -> str:
    """A share of 0 to 1."""
    return f"{100 * share:.0f} %"


def counted(count: int, thing: str) -> str:
    """So many of a thing, such as "1 picture" and "1,200 pictures"."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def faces(count: int) -> tuple[str, str]:
    """The number of faces, and its unit."""
    return ("no", "faces") if count == 0 else (str(count), "face" if count == 1 else "faces")


def size(width_px: int, height_px: int) -> str:
    return f"{width_px} × {height_px}"


def duration(seconds: float) -> str:
    """A length of time as 00:12 or 1:02:03."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60:02d}:{rest % 60:02d}"


def rough_duration(seconds: float) -> str:
    """A length of time that nobody knows exactly, such as "half a minute"."""
    if seconds < 25:
        return f"{5 * max(1, math.ceil(seconds / 5))} seconds"
    if seconds < 90:
        return "half a minute" if seconds < 45 else "a minute"
    return f"{seconds / 60:.0f} minutes"


def reading_ms(words: str) -> int:
    """For how long a passing message stays: time to notice it and to read it twice, at 15 letters a second."""
    return 3000 + 2 * 1000 * len(words) // 15


def sentence(*parts: str) -> str:
    """The parts that say something, with a middle dot between them."""
    return " · ".join(part for part in parts if part)
