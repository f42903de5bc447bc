"""ResultView: a benchmark's result as one large figure, two charts and tables."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from facecam.bench.report import headline, main_series
from facecam.bench.result import BenchResult
from facecam.bench.tables import is_figure, markdown
from facecam.qtkit.theme import SPACE, sized, tabular
from facecam.qtkit.widgets import DimLine
from facecam.ui.speed.charts import Chart, Histogram, TimeSeries
from facecam.ui.speed.pages import Page, comparison, pages

WELCOME = (
    "How fast is this machine?",
    "Measures the detector on one core: both networks, every runtime that is installed, 0 to 200 faces and four sizes.",
    "It takes about {}. Close other programs first: where they take the core away, there is no verdict, and it says"
    " why.",
)


class ResultView(QWidget):
    """Shows one result, and beside it an earlier one if wished."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.result: BenchResult | None = None
        self._pages: list[Page] = []
        self._duration = "half a minute"
        self.figure, self.place, self.against, self.notes, self.page_note = (_words() for _ in range(5))  # never cut
        self.chosen, self.times = DimLine(), DimLine()
        self.figure.setFont(tabular(sized(self.figure.font(), 2.6, QFont.Weight.DemiBold)))
        self.figure.setAccessibleName("Verdict")
        self.notes.setAccessibleName("What to know about the result")
        self.histogram: Chart = Histogram("How often each time came up")
        self.series: Chart = TimeSeries("One after the other")
        self.chosen.setAccessibleName("What the charts show")
        self.times.setAccessibleName("Its times")
        self.page = QComboBox()
        self.page.setToolTip("Which of the runs the table shows")
        self.page.setAccessibleName("Run")
        self.page.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.page.setMinimumContentsLength(20)
        self.page.currentIndexChanged.connect(self._show_page)
        self.table = _table()
        self.table.itemSelectionChanged.connect(self._show_row)

        charts = QHBoxLayout()
        charts.setSpacing(3 * SPACE)
        charts.addWidget(self.histogram, 1)
        charts.addWidget(self.series, 1)
        self._details = QWidget()
        details = QVBoxLayout(self._details)
        details.setContentsMargins(0, SPACE, 0, 0)
        details.setSpacing(SPACE)
        whose = QVBoxLayout()
        whose.setSpacing(0)
        whose.addWidget(self.chosen)
        whose.addWidget(self.times)
        details.addLayout(whose)
        details.addLayout(charts, 2)
        details.addSpacing(SPACE)
        details.addWidget(self.page)
        details.addWidget(self.table, 3)
        details.addWidget(self.page_note)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE // 2)
        for label in (self.figure, self.place, self.against, self.notes):
            layout.addWidget(label)
        layout.addWidget(self._details, 1)
        self._filler = QWidget()
        layout.addWidget(self._filler, 1)
        self.clear()

    def event(self, event: QEvent) -> bool:
        # A scroll area knows nothing of how high wrapped lines get: without this they would lie over the table.
        layout = self.layout()
        if layout is not None and event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize):
            self.setMinimumHeight(layout.totalMinimumHeightForWidth(self.width()))
        return super().event(event)

    def clear(self) -> None:
        """Says what a measurement is."""
        self.result = None
        self.figure.setText(WELCOME[0])
        self.place.setText(WELCOME[1])
        self.against.setText(WELCOME[2].format(self._duration))
        self.notes.hide()
        self._details.hide()
        self._filler.show()

    def say_duration(self, words: str) -> None:
        """How long a measurement takes, such as "half a minute": said as long as there is no result."""
        self._duration = words
        if self.result is None:
            self.clear()

    def show_result(self, result: BenchResult) -> None:
        """Shows a result as `facecam.bench.report.report` makes it."""
        self.result = result
        words = headline(result)
        self.figure.setText(words.figure)
        self.place.setText(words.place)
        self.against.setText(words.against)
        self.notes.setText(words.caution)
        self.notes.setVisible(bool(words.caution))
        self._filler.hide()
        self._details.show()
        self._fill(pages(result, main_series(result)), 0)

    def compare_with(self, other: BenchResult, name: str) -> None:
        """Adds the comparison with an earlier result, from a file of that name, and shows it."""
        if self.result is not None:
            kept = [page for page in self._pages if not page.title.startswith("Compared with")]
            self._fill([*kept, comparison(self.result, other, name)], len(kept))

    def markdown(self) -> str:
        """What is shown, for the clipboard: the comparison, where that is the page, or else the whole result."""
        if self.result is None:
            return ""
        return self._pages[self.page.currentIndex()].markdown or markdown(self.result)

    def _fill(self, found: list[Page], current: int) -> None:
        self._pages = found
        blocked = self.page.blockSignals(True)
        self.page.clear()
        self.page.addItems([page.title for page in found])
        self.page.setCurrentIndex(current)
        self.page.blockSignals(blocked)
        self._show_page(current)

    def _show_page(self, index: int) -> None:
        if not 0 <= index < len(self._pages):
            return
        page = self._pages[index]
        table = self.table
        blocked = table.blockSignals(True)
        table.clear()
        table.setColumnCount(len(page.columns))
        table.setRowCount(len(page.rows))
        for column, (name, help_text) in enumerate(page.columns.items()):
            texts = [cells[column] for cells in page.rows]
            side = Qt.AlignmentFlag.AlignRight if all(map(is_figure, texts)) else Qt.AlignmentFlag.AlignLeft
            items = [QTableWidgetItem(text) for text in (name, *texts)]
            for row, item in enumerate(items, -1):
                item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
                if row >= 0:
                    table.setItem(row, column, item)
            items[0].setToolTip(f"{name}: {help_text}")
            table.setHorizontalHeaderItem(column, items[0])
        table.resizeColumnsToContents()
        table.blockSignals(blocked)
        self.page_note.setText(page.note)
        self.page_note.setVisible(bool(page.note))
        if page.rows:
            table.selectRow(page.first)
        self._show_row()

    def _show_row(self) -> None:
        index, row = self.page.currentIndex(), self.table.currentRow()
        if not 0 <= index < len(self._pages) or not 0 <= row < len(self._pages[index].rows):
            return
        times_ms = self._pages[index].times_ms[row]
        p50, p90, p95, p99 = np.percentile(times_ms, (50, 90, 95, 99))
        words = f"p50 {p50:.2f}, p90 {p90:.2f}, p95 {p95:.2f}, p99 {p99:.2f} ms"
        self.chosen.say(self._pages[index].subjects[row])
        self.times.say(words)
        self.histogram.show_values(times_ms, words)
        self.series.show_values(times_ms, f"From {min(times_ms):.2f} to {max(times_ms):.2f} ms, {words}")


def _words() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
    return label


def _table() -> QTableWidget:
    table = QTableWidget()
    table.setAccessibleName("Figures of the run")
    table.setToolTip("Choose a row to see its times above")
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setTabKeyNavigation(False)  # the arrows go through the rows; Tab has to lead out
    table.setAlternatingRowColors(True)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + SPACE)
    table.setMinimumHeight(12 * SPACE)
    table.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
    table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
    table.horizontalHeader().setHighlightSections(False)
    table.setFont(tabular(table.font()))
    return table
