"""StatsLine: what the map of the query is like, in figures below the large picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF
from PySide6.QtGui import QFontMetrics, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from facecam.qtkit.theme import SPACE, STAGE, STAGE_TEXT, STAGE_TEXT_DIM, WARNING, tabular
from sagan_gallery.attention import GAMMA_NEAR_0, NEARLY_EVEN, AttentionStats, Direction
from sagan_gallery.ui.paint import LEFT_MIDDLE
from sagan_gallery.ui.words import percent


@dataclass(frozen=True)
class Stat:
    """One figure. name: above it; value, note: the figure and what to compare it with; help: in the tooltip."""

    name: str
    value: str
    note: str = ""
    help: str = ""
    warn: bool = False


class StatsLine(QWidget):
    """Figures side by side, each below its name. Those that don't fit are left out from the end."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: Sequence[Stat] = ()
        self._font = tabular(self.font())
        self._small = tabular(self.font(), 0.85)
        self.setFixedHeight(QFontMetrics(self._font).height() + QFontMetrics(self._small).height() + 2 * SPACE)
        self.setAccessibleName("Figures of the map")

    def say(self, parts: Sequence[Stat]) -> None:
        if parts != self._parts:
            self._parts = parts
            self.setAccessibleDescription(", ".join(f"{part.name} {part.value} {part.note}".strip() for part in parts))
            self.update()

    def _places(self) -> list[tuple[Stat, QRectF]]:
        """The parts that fit, with their room."""
        metrics, small = QFontMetrics(self._font), QFontMetrics(self._small)
        places: list[tuple[Stat, QRectF]] = []
        x = 2.0 * SPACE
        for part in self._parts:
            below = f"{part.value} {part.note}".strip()
            width = max(metrics.horizontalAdvance(below), small.horizontalAdvance(part.name))
            if x + width > self.width() - SPACE and places:
                break
            places.append((part, QRectF(x, 0, width, self.height())))
            x += width + 3 * SPACE
        return places

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            for part, room in self._places():
                if room.adjusted(-SPACE, 0, SPACE, 0).contains(event.pos()) and part.help:
                    QToolTip.showText(event.globalPos(), part.help, self)
                    return True
            QToolTip.hideText()
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), STAGE)
        small, metrics = QFontMetrics(self._small), QFontMetrics(self._font)
        for part, room in self._places():
            upper = QRectF(room.x(), SPACE * 0.75, room.width() + SPACE, small.height())
            painter.setFont(self._small)
            painter.setPen(STAGE_TEXT_DIM)
            painter.drawText(upper, LEFT_MIDDLE, part.name)
            lower = QRectF(room.x(), upper.bottom(), room.width() + SPACE, metrics.height())
            painter.setFont(self._font)
            painter.setPen(WARNING if part.warn else STAGE_TEXT)
            painter.drawText(lower, LEFT_MIDDLE, part.value)
            lower.setLeft(lower.left() + metrics.horizontalAdvance(f"{part.value} "))
            painter.setPen(STAGE_TEXT_DIM)
            painter.drawText(lower, LEFT_MIDDLE, part.note)


def stats_of(gamma: float, found: AttentionStats | None, direction: Direction, effect: str = "") -> list[Stat]:
    """The figures of a map; without one only gamma. effect: what gamma does to this picture, in words."""
    strength = Stat(
        "γ", f"{gamma:.3f}", "",
        "How strongly the attention layer's output is added to the picture's features: x + γ · o.\n"
        f"Near 0, the map has no say in the picture. {effect}", warn=abs(gamma) < GAMMA_NEAR_0,
    )  # fmt: skip
    if found is None:
        return [strength]
    row = direction is not Direction.COLUMN
    five = [percent(key.weight).removesuffix(" %") for key in found.strongest]
    places = "1 place" if found.entropy_bits < 0.5 else f"{2**found.entropy_bits:.0f} places"
    nearly_even = ", nearly even" if found.entropy_bits > NEARLY_EVEN * found.even_entropy_bits else ""
    return [
        strength,
        Stat(
            "Entropy", f"{found.entropy_bits:.1f}", f"of {found.even_entropy_bits:.0f} bits ≈ {places}{nearly_even}",
            "How spread out the map is: 0 bits for a single cell, all bits for an even map.\n"
            f"As far as an even map over {places} of all {2**found.even_entropy_bits:.0f}.\n"
            "“Full contrast” (under More) shows the shape of a map that is nearly even.",
        ),
        Stat(
            "Mean distance", f"{found.distance_px:.0f} px", f"even {found.even_distance_px:.0f}",
            "From the query to where it looks, in picture pixels, and what it would be for an even map." if row else
            "From this place to the queries that look at it, in picture pixels, and for an even map.",
        ),
        Stat(
            "Own patch", f"{100 * found.within:.0f} %", f"even {100 * found.even_within:.0f} %",
            "Share of the attention within the query's own patch, its surroundings of much the same colour\n"
            f"(here a disc of {found.radius_px:.0f} px); and what it would be for an even map.",
        ),
        Stat(
            "Five strongest", " · ".join(five) + " %", "",
            "The largest weights of the map. “Arrows” points at these cells." if row else
            "How much of their attention the five most interested queries spend here. “Arrows” points at them.",
        ),
    ]  # fmt: skip
