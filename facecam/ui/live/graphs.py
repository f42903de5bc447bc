"""Graphs: what happened in the last minute, below the picture. Rates, latencies, faces and drops."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPalette, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from facecam.live.history import SPAN_S, History
from facecam.qtkit import theme
from facecam.qtkit.layouts import column, row
from facecam.qtkit.theme import SPACE
from facecam.qtkit.wording import number

HEIGHT_PX = 18 * SPACE


@dataclass(frozen=True)
class Line:
    """A line of a graph. series: of the history; colour: on light and on dark ground."""

    series: str
    name: str
    light: str
    dark: str


@dataclass(frozen=True)
class Graph:
    """A graph of one unit. least: what the upper end of its axis is at least."""

    title: str
    unit: str
    lines: tuple[Line, ...]
    least: float
    help: str


# Colours that people who confuse red and green tell apart, in both schemes.
_TEAL, _AMBER, _PURPLE = ("#0b7d69", "#3df0cf"), ("#b35c00", "#ffc145"), ("#7a4fb5", "#c8a2ff")

GRAPHS = (
    Graph(
        "Rates",
        "per second",
        (
            Line("dropped_hz", "dropped", *_PURPLE),
            Line("capture_hz", "captured", *_AMBER),
            Line("detect_hz", "detected", *_TEAL),
        ),
        10,
        "Per second: pictures that the source delivers, pictures that are searched for faces,\n"
        "and pictures that were replaced by a newer one before the detector was free",
    ),
    Graph(
        "Latency",
        "ms",
        (Line("latency_p95_ms", "p95", *_AMBER), Line("latency_p50_ms", "p50", *_TEAL)),
        10,
        "From a picture’s capture to its faces: the median, and what 95 of 100 pictures stay below",
    ),
    Graph("Faces", "", (Line("faces", "shown", *_TEAL),), 4, "Faces that are shown"),
)


class GraphPanel(QWidget):
    """Draws a history as three small graphs side by side. Drawn only while it is visible, when it is told to."""

    def __init__(self, history: History) -> None:
        super().__init__()
        self._history = history
        self.graphs = [_GraphView(graph) for graph in GRAPHS]
        row(*((view, 1) for view in self.graphs), owner=self, margins=(SPACE, SPACE, SPACE, 0), spacing=SPACE)
        self.set_scale(1.0)

    def set_scale(self, scale: float) -> None:
        """How much larger than usual all of it is."""
        self.setFixedHeight(round(scale * HEIGHT_PX))
        for view in self.graphs:
            view.set_scale(scale)

    def draw(self) -> None:
        if not self.isVisible():
            return
        seconds = self._history.seconds_ago(time.perf_counter())
        for view in self.graphs:
            view.draw(self._history, seconds)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            for view in self.graphs:
                view.take_colours()


class _GraphView(QWidget):
    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self._graph = graph
        self.heading = QLabel()
        self.heading.setTextFormat(Qt.TextFormat.RichText)
        self.heading.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.plot = pg.PlotWidget()
        self.plot.setAccessibleName(f"Graph: {graph.title}")
        self.setToolTip(graph.help)
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.setMinimumSize(0, 0)
        item = self.plot.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.setMouseEnabled(False, False)
        item.setXRange(-SPAN_S, 0, padding=0)
        item.getAxis("bottom").setTicks([[(-40, "−40 s"), (-20, "−20 s")]])
        for axis in ("left", "bottom"):
            item.getAxis(axis).setStyle(tickLength=-4, tickTextOffset=4, maxTickLevel=0)
        self.curves = [item.plot(connect="finite") for _ in graph.lines]
        column(self.heading, (self.plot, 1), owner=self)
        self._newest: dict[str, float] = {}
        self._scale = 1.0

    def set_scale(self, scale: float) -> None:
        self._scale = scale
        font = theme.tabular(theme.sized(self.font(), scale))
        self.heading.setFont(font)
        self._plain, self._bold = QFontMetricsF(font), QFontMetricsF(theme.sized(font, 1.0, QFont.Weight.Bold))
        item = self.plot.getPlotItem()
        item.layout.setContentsMargins(0, scale * SPACE, 0, 0)  # for the upper half of a figure at the axis' end
        item.getAxis("left").setWidth(5 * scale * SPACE)
        item.getAxis("bottom").setHeight(2.5 * scale * SPACE)
        for axis in ("left", "bottom"):
            item.getAxis(axis).setStyle(tickFont=font)
        self.take_colours()
        self._say()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._say()

    def take_colours(self) -> None:
        """The window's ground, text in its second rank, lines in the colours of its scheme."""
        palette = self.palette()
        text = palette.color(QPalette.ColorRole.WindowText)
        text.setAlphaF(0.7)
        self.plot.setBackground(palette.color(QPalette.ColorRole.Window))
        for name in ("left", "bottom"):
            axis = self.plot.getPlotItem().getAxis(name)
            axis.setTextPen(text)
            axis.setPen(QColor(text.red(), text.green(), text.blue(), 70))
        for line, curve in zip(self._graph.lines, self.curves, strict=True):
            curve.setPen(pg.mkPen(self._colour(line), width=1.5 * self._scale))

    def draw(self, history: History, seconds: np.ndarray) -> None:
        """The lines, the axis up to the highest of them, and the newest values in words."""
        newest: dict[str, float] = {}
        top = self._graph.least
        for line, curve in zip(self._graph.lines, self.curves, strict=True):
            values = history.series(line.series)
            curve.setData(seconds, values)
            if len(values) and not np.isnan(values[-1]):
                newest[line.series] = float(values[-1])
            top = max(top, float(np.nanmax(values, initial=0)))
        self.plot.getPlotItem().setYRange(0, 1.1 * top, padding=0)
        self._newest = newest
        self._say()

    def _say(self) -> None:
        """The legend, in one line: where there is little room without the unit, then the names, then the title."""
        values = {}
        for line in reversed(self._graph.lines):
            value = self._newest.get(line.series)
            values[line] = "–" if value is None else f"{value:.0f}" if value == round(value) else number(value)
        plain = [f"{line.name} {words}" for line, words in values.items()]
        unit = f" {self._graph.unit}" if self._graph.unit else ""
        self.plot.setAccessibleDescription(f"{', '.join(plain)}{unit}")
        title = self._graph.title
        for rest, named in ((unit, True), ("", True), ("", False), (None, False)):
            parts = [(line, f"{line.name} {words}" if named else words) for line, words in values.items()]
            told = "" if rest is None else f"{title}{rest}   "
            values_px = self._plain.horizontalAdvance("  ".join(f"● {words}" for _, words in parts))
            if self._bold.horizontalAdvance(told) + values_px <= self.width():
                break
        marked = [f'<span style="color:{self._colour(line)}">●</span> {words}' for line, words in parts]
        heading = told.replace(title, f"<b>{title}</b>") + "  ".join(marked)
        self.heading.setText(f'<span style="white-space:pre">{heading}</span>')

    def _colour(self, line: Line) -> str:
        dark = self.palette().color(QPalette.ColorRole.Window).lightness() < 128
        return line.dark if dark else line.light
