"""A picture of a result, to show: 1200 x 630 px, the size that links are shown with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from facecam.bench.accuracy import AccuracyResult, by_accuracy
from facecam.bench.compare import cautions, compared_bars, verdict, which
from facecam.bench.histogram import histogram
from facecam.bench.report import Bar, bars, headline, main_series
from facecam.bench.result import BenchResult, Series

SIZE = (1200, 630)
_SCALE = 2
"""Drawn so many times larger, for smooth edges."""
_MARGIN = 56
_GROUND, _PANEL, _TEXT, _DIM = "#121416", "#1b1f22", "#f2f4f5", "#9aa5ab"
_ACCENT, _BAR, _WARNING = "#27b89d", "#3a4449", "#e0a83c"
_MOST_BARS = 6
_MOST_FOR_NAMES = 0.5
"""Share of the width of the bars' panel."""
_HISTOGRAM_BARS = 30


def draw_card(result: BenchResult) -> Card:
    """The card of a result."""
    card = Card()
    words = headline(result)
    series = main_series(result)
    card.text((SIZE[0] - _MARGIN, 44), result.started[:10], 20, _DIM, "ra")
    middle, whole = SIZE[0] // 2, SIZE[0] - 2 * _MARGIN
    if words.figures:
        for figure, left in zip(words.figures, (_MARGIN, middle + 16), strict=False):
            room = whole if len(words.figures) == 1 else middle - _MARGIN - 16
            card.text((left, 82), card.fitted(figure.title, 22, room), 22, _TEXT)
            card.text((left, 104), figure.figure, 84, _TEXT)
            card.text((left, 204), card.fitted(figure.words, 20, room), 20, _DIM)
    else:
        card.text((_MARGIN, 92), words.figure, 96, _TEXT)
    card.text((_MARGIN, 234), card.fitted(words.place, 24, whole), 24, _TEXT)
    y = 270.0
    y = card.paragraph(y, words.against, 20, _ACCENT if words.trusted else _WARNING)
    y = card.paragraph(y, words.caution, 17, _WARNING if words.trusted else _DIM)
    top = max(322, y + 10)
    _bars(card, bars(result), (_MARGIN, top, middle - 16, 548))
    _histogram(card, series, (middle + 16, top, SIZE[0] - _MARGIN, 548))
    card.text((_MARGIN, 572), card.fitted(_footer(result, series), 17, whole), 17, _DIM)
    return card


def _footer(result: BenchResult, series: Series) -> str:
    versions = result.machine.versions
    parts = ["640 x 480 px, 20 faces"]
    parts += [f"{name} {versions[name]}" for name in ("onnxruntime", "openvino") if versions.get(name)]
    if series.times_floor is not None:
        parts.append(f"{series.times_floor:.2f} times the core's compute bound")
    if series.labels.model_sha256:
        parts.append(f"model {series.labels.model_sha256[:8]}")
    return "   ·   ".join(parts)


def draw_comparison(a: BenchResult, b: BenchResult, names: tuple[str, str]) -> Card:
    """Two results, of those names, side by side: the verdict in words, and bars of what both measured."""
    card = Card()
    y = card.paragraph(84, verdict(a, b, names), 32, _TEXT, 3)
    y = card.paragraph(y + 8, which(a, b, names), 17, _DIM)
    shown = compared_bars(a, b)
    if shown:
        title = f"Detections a second, by the median: above of {names[0]}, below of {names[1]}"
        _bars(card, shown, (_MARGIN, y + 12, SIZE[0] - _MARGIN, 530), title)
    card.paragraph(544, " ".join(cautions(a, b)), 15, _DIM, 3)
    return card


def draw_accuracy(result: AccuracyResult) -> Card:
    """Accuracy against time: average precision over milliseconds of one core, a numbered dot for each candidate."""
    card = Card()
    title = f"Average precision over milliseconds of one core of {result.cpu}"
    card.text((_MARGIN, 84), card.fitted(title, 26, SIZE[0] - 2 * _MARGIN), 26, _TEXT)
    words = f"{result.pictures} pictures with {result.faces} faces, letterboxed into 640 x 480, taking turns"
    card.text((_MARGIN, 122), words, 18, _DIM)
    card.panel((_MARGIN, 164, SIZE[0] - _MARGIN, 590))
    card.paragraph(600, " ".join((*result.problems, *result.warnings)), 15, _WARNING, 1)
    left, top, right, bottom = _MARGIN + 84, 190, 736, 540
    ranked = by_accuracy(result)
    areas, times_ms = [one.average_precision for one in ranked], [one.cpu_ms.p50 for one in ranked]
    longest, margin = 1.1 * max(times_ms), 0.15 * (max(areas) - min(areas)) + 0.005
    low, span = min(areas) - margin, max(areas) - min(areas) + 2 * margin
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = left + share * (right - left), bottom - share * (bottom - top)
        card.bar((left, y, right, y + 1), _BAR, 0)
        card.text((left - 12, y), f"{low + share * span:.3f}", 16, _DIM, "rm")
        card.text((x, bottom + 14), f"{share * longest:.1f} ms", 16, _DIM, "ma")
    line = min(30.0, (bottom - top) / max(1, len(ranked) - 1))
    for number, (one, area, time_ms) in reversed(list(enumerate(zip(ranked, areas, times_ms, strict=True), 1))):
        x, y = left + (right - left) * time_ms / longest, bottom - (bottom - top) * (area - low) / span
        beside = top + (number - 1) * line
        name = card.fitted(one.labels.candidate, 15, 234)
        for at, text in (((x, y), ""), ((right + 44, beside), f"{name}  {area:.3f}  {time_ms:.1f} ms")):
            card.dot(at, _ACCENT, 10)
            card.text(at, str(number), 14, _GROUND, "mm")
            card.text((at[0] + 18, at[1]), text, 15, _TEXT, "lm")
    return card


def _bars(
    card: Card,
    all_bars: Sequence[Bar],
    box: tuple[float, float, float, float],
    title: str = "Detections a second, by the median",
) -> None:
    left, top, right, bottom = box
    card.panel(box)
    card.text((left + 20, top + 14), card.fitted(title, 18, right - left - 40), 18, _DIM)
    fastest = sorted(all_bars, key=lambda bar: -bar.fps)
    shown = sorted(fastest, key=lambda bar: bar.role is None)[:_MOST_BARS]  # those of the headline are among them
    height = (bottom - top - 56) / len(shown)
    longest = max(bar.most_fps for bar in shown)
    names = min(max(card.width(bar.name, 16) for bar in shown), _MOST_FOR_NAMES * (right - left))
    start = left + names + 36
    room = right - start - (64 if shown[0].before_fps is None else 110)
    for index, bar in enumerate(sorted(shown, key=lambda bar: -bar.fps)):
        middle = top + 44 + (index + 0.5) * height
        card.text((left + 20, middle), card.fitted(bar.name, 16, names), 16, _TEXT, "lm")
        thick = min(20.0, height - 8)
        upper = middle - thick / 2
        if bar.before_fps is not None:  # above the other one, and half as high
            card.bar((start, upper, start + max(2, room * bar.before_fps / longest), middle - 1), _BAR)
            upper = middle + 1
        colour = _ACCENT if bar.role is not None else _BAR if bar.before_fps is None else _DIM
        card.bar((start, upper, start + max(2, room * bar.fps / longest), middle + thick / 2), colour)
        card.text((start + room * bar.most_fps / longest + 8, middle), bar.speed.replace("→", "to"), 16, _TEXT, "lm")


def _histogram(card: Card, series: Series, box: tuple[float, float, float, float]) -> None:
    left, top, right, bottom = box
    card.panel(box)
    total = series.total_ms
    title = f"p50 {total.p50:.1f}   p90 {total.p90:.1f}   p99 {total.p99:.1f} ms   {series.detections} times"
    card.text((left + 20, top + 14), title, 18, _DIM)
    shown, counts = histogram(series.series_ms, _HISTOGRAM_BARS)
    width = (right - left - 40) / len(counts)
    base = bottom - 40
    for index, count in enumerate(counts):
        if count:
            x = left + 20 + index * width
            height = max(2.0, (base - top - 56) * count / counts.max())
            card.bar((x, base - height, x + width - 2, base), _ACCENT, 2)
    card.text((left + 20, base + 8), shown.low_words, 16, _DIM)
    card.text((right - 20, base + 8), shown.high_words, 16, _DIM, "ra")


class Card:
    """Drawing in the card's pixels, below our name. texts: all that was written on it, in order."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._image = Image.new("RGB", (SIZE[0] * _SCALE, SIZE[1] * _SCALE), _GROUND)
        self._draw = ImageDraw.Draw(self._image)
        self.text((_MARGIN, 40), "facecam", 26, _ACCENT)

    def text(self, at: tuple[float, float], text: str, size: int, colour: str, anchor: str = "la") -> None:
        self.texts.append(text)
        place = (at[0] * _SCALE, at[1] * _SCALE)
        self._draw.text(place, text, colour, self._font(size), anchor)

    def paragraph(self, y: float, text: str, size: int, colour: str, most: int = 2) -> float:
        """Writes the text between the margins, in at most so many lines from y on. Returns where it ends."""
        for line in self.wrapped(text, size, SIZE[0] - 2 * _MARGIN, most) if text else ():
            self.text((_MARGIN, y), line, size, colour)
            y += size + 6
        return y

    def panel(self, box: tuple[float, float, float, float]) -> None:
        self._draw.rounded_rectangle([side * _SCALE for side in box], 12 * _SCALE, _PANEL)

    def bar(self, box: tuple[float, float, float, float], colour: str, radius: int = 4) -> None:
        self._draw.rounded_rectangle([side * _SCALE for side in box], radius * _SCALE, colour)

    def width(self, text: str, size: int) -> float:
        return float(self._draw.textlength(text, self._font(size))) / _SCALE

    def fitted(self, text: str, size: int, room: float) -> str:
        """The text, its end left out where it is too long."""
        if self.width(text, size) <= room:
            return text
        while text and self.width(text + "…", size) > room:
            text = text[:-1]
        return text.rstrip() + "…"

    def wrapped(self, text: str, size: int, room: float, most: int) -> list[str]:
        """The text in at most so many lines; the last one says by its end when there is more."""
        lines = [""]
        for word in text.split():
            longer = f"{lines[-1]} {word}".strip()
            if self.width(longer, size) > room and lines[-1]:
                lines.append(word)
            else:
                lines[-1] = longer
        return lines if len(lines) <= most else [*lines[: most - 1], self.fitted(f"{lines[most - 1]} …", size, room)]

    def save(self, path: Path) -> None:
        """Writes it as PNG. Raises OSError if it can't be written."""
        self.picture().save(path, "PNG", optimize=True)

    def dot(self, at: tuple[float, float], colour: str, radius: float = 7) -> None:
        box = (at[0] - radius, at[1] - radius, at[0] + radius, at[1] + radius)
        self._draw.ellipse([side * _SCALE for side in box], colour)

    def picture(self) -> Image.Image:
        """What was drawn, SIZE pixels large."""
        return self._image.resize(SIZE, Image.Resampling.LANCZOS)

    @staticmethod
    def _font(size: int) -> Any:
        return ImageFont.load_default(size * _SCALE)
