"""ResultView: a benchmark's result as large figures and bars, with everything else in a fold below them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from facecam.bench.compare import compared_bars, verdict
from facecam.bench.report import Bar, bars, figures, headline, main_series
from facecam.bench.result import BenchResult, Interim, Percentiles
from facecam.bench.tables import is_figure, markdown
from facecam.qtkit.fields import combo, fill
from facecam.qtkit.folds import Fold, Section
from facecam.qtkit.layouts import column, row
from facecam.qtkit.settings import Settings
from facecam.qtkit.theme import SPACE, sized, tabular
from facecam.qtkit.widgets import DimLine, Note
from facecam.ui.speed.charts import Bars, Chart, Histogram, TimeSeries
from facecam.ui.speed.pages import Page, comparison, pages

_WELCOME = (
    "Measures the detector on one core: both networks, every runtime that is installed, 0 to 200 faces and four sizes."
)
_WELCOME_TAKES = (
    "It takes about {}. Close other programs first: where they take the core away, there is no verdict, and it says"
    " why."
)


class ResultView(QWidget):
    """Shows one result, and beside it an earlier one if wished; before that, what is known while it is measured."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.result: BenchResult | None = None
        self._duration = "half a minute"
        self.figures = (FigureView("Verdict"), FigureView("Live"))
        self.place, self.against = _Words("What was measured"), _Words("Beside the paper")
        self.notes, self.compared = _Words("What to know about the result"), _Words("Comparison")
        self.compared.setFont(sized(self.compared.font(), 1.2, QFont.Weight.DemiBold))
        self.bars, self._bars_title = Bars(), DimLine()
        self._bars_title.say("Detections a second, one frame of 640x480 with 20 faces, by the median")
        self.details = Details()
        self.fold, self._filler = Fold(self.details), QWidget()
        self.fold.remember(settings, f"speed/fold-{self.details.key}")
        self.fold.toggled.connect(self._share_room)
        column(
            row(*((shown, 1) for shown in self.figures), spacing=4 * SPACE),
            SPACE // 2,
            self.place,
            self.against,
            self.compared,
            SPACE,
            self._bars_title,
            self.bars,
            SPACE,
            self.notes,
            self.fold,
            (self._filler, 1),
            owner=self,
            margins=(0, 0, SPACE, 0),
            spacing=SPACE // 2,
        )
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
        self._say("How fast is this machine?", (), _WELCOME, _WELCOME_TAKES.format(self._duration))
        self._show_bars(())
        self._offer_details(False)

    def show_again(self) -> None:
        """Shows the result that was kept, or what a measurement is."""
        if self.result is None:
            self.clear()
        else:
            self.show_result(self.result)

    def say_duration(self, words: str) -> None:
        """How long a measurement takes, such as "half a minute": said as long as there is no result."""
        self._duration = words
        if self.result is None:
            self.clear()

    def show_interim(self, interim: Interim) -> None:
        """Shows what is known while it is measured, in place of the result, which is kept."""
        shown = bars(interim)
        place = "So far: the verdict comes at the end." if interim.share else "A first look, while others are opened."
        self._say("Measuring…", figures(shown), place, "")
        self._show_bars(shown, interim.share)
        self._offer_details(False)

    def show_result(self, result: BenchResult) -> None:
        self.result = result
        words = headline(result)
        self._say(words.figure, words.figures, words.place, words.against, words.caution)
        self._show_bars(bars(result))
        self._offer_details(True)
        self.details.show_pages(pages(result, main_series(result)), 0)

    def compare_with(self, other: BenchResult, name: str) -> None:
        """Adds the comparison with an earlier result, from a file of that name, and shows it."""
        if self.result is None:
            return
        shown = compared_bars(other, self.result)
        self.compared.say(verdict(other, self.result, (name, "this result")))
        self._show_bars(shown or bars(self.result))
        kept = [page for page in self.details.pages if not page.title.startswith("Compared with")]
        self.details.show_pages([*kept, comparison(self.result, other, name)], len(kept))

    def markdown(self) -> str:
        """The text for the clipboard: the comparison, if that is the page shown, else the whole result."""
        if self.result is None:
            return ""
        return self.details.markdown or markdown(self.result)

    def _say(self, figure: str, found: Sequence[Bar], place: str, against: str, notes: str = "") -> None:
        """figure: where there is none of `found`."""
        texts = [(one.title, one.figure, one.words) for one in found]
        for shown, words in zip(self.figures, [*texts, *[("", figure, "")] * 2], strict=False):
            shown.say(*words)
        self.figures[1].setVisible(len(found) > 1)
        for label, text in ((self.place, place), (self.against, against), (self.notes, notes), (self.compared, "")):
            label.say(text)

    def _show_bars(self, shown: Sequence[Bar], filled: float = 1.0) -> None:
        self.bars.show_bars(shown, filled)
        for widget in (self.bars, self._bars_title):
            widget.setVisible(bool(shown))

    def _offer_details(self, on: bool) -> None:
        self.fold.setVisible(on)
        self._share_room()

    def _share_room(self) -> None:
        """All that is left of the height goes to the details, when they show."""
        layout, details = self.layout(), self.fold.is_open and not self.fold.isHidden()
        assert isinstance(layout, QVBoxLayout)
        layout.setStretchFactor(self.fold, int(details))
        self._filler.setVisible(not details)


class FigureView(QWidget):
    """A large figure, what it is of above it, and what computed it below."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.title, self.candidate = DimLine(), DimLine()
        self.value = _Words(name)
        self.value.setFont(tabular(sized(self.value.font(), 2.6, QFont.Weight.DemiBold)))
        column(self.title, self.value, self.candidate, owner=self)

    def say(self, title: str, figure: str, candidate: str) -> None:
        self.value.say(figure)
        for line, text in ((self.title, title), (self.candidate, candidate)):
            line.say(text)
            line.setVisible(bool(text))


class Details(Section):
    """Every run as a table, with the times of the chosen row as charts, and a sentence for each column."""

    key = "details"
    title = "Details"
    help = "Every run as a table, the times of each row, and what the columns mean"

    def __init__(self) -> None:
        super().__init__()
        self.pages: list[Page] = []
        self.note, self.terms = _Words("About the run"), _Words("What the columns mean")
        self.chosen, self.times = DimLine(), DimLine()
        self.histogram: Chart = Histogram("How often each time came up")
        self.series: Chart = TimeSeries("One after the other")
        self.chosen.setAccessibleName("What the charts show")
        self.times.setAccessibleName("Its times")
        self.page = combo()
        self.page.setToolTip("Which of the runs the table shows")
        self.page.setAccessibleName("Run")
        self.page.setMinimumContentsLength(20)
        self.page.currentIndexChanged.connect(self._show_page)
        self.table = _table()
        self.table.itemSelectionChanged.connect(self._show_row)
        charts = row((self.histogram, 1), (self.series, 1), spacing=3 * SPACE)
        whose = column(self.chosen, self.times)
        below = (SPACE, self.page, (self.table, 3), self.note, self.terms)
        column(whose, (charts, 2), *below, owner=self, spacing=SPACE)

    @property
    def markdown(self) -> str:
        """Of the page that is shown, if it is to be copied in place of the result; else empty."""
        return self.pages[self.page.currentIndex()].markdown

    def show_pages(self, found: list[Page], current: int) -> None:
        self.pages = found
        fill(self.page, ((page.title, index) for index, page in enumerate(found)), current)
        self._show_page(current)

    def _show_page(self, index: int) -> None:
        if not 0 <= index < len(self.pages):
            return
        page = self.pages[index]
        table = self.table
        blocked = table.blockSignals(True)
        table.clear()
        table.setColumnCount(len(page.columns))
        table.setRowCount(len(page.rows))
        for across, (name, help_text) in enumerate(page.columns.items()):
            texts = [cells[across] for cells in page.rows]
            side = Qt.AlignmentFlag.AlignRight if all(map(is_figure, texts)) else Qt.AlignmentFlag.AlignLeft
            items = [QTableWidgetItem(text) for text in (name, *texts)]
            for down, item in enumerate(items, -1):
                item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
                if down >= 0:
                    table.setItem(down, across, item)
            items[0].setToolTip(f"{name}: {help_text}")
            table.setHorizontalHeaderItem(across, items[0])
        table.resizeColumnsToContents()
        table.blockSignals(blocked)
        self.note.say(page.note)
        self.terms.say("\n".join(f"{name}: {help_text}." for name, help_text in page.columns.items()))
        if page.rows:
            table.selectRow(page.first)
        self._show_row()

    def _show_row(self) -> None:
        index, row = self.page.currentIndex(), self.table.currentRow()
        if not 0 <= index < len(self.pages) or not 0 <= row < len(self.pages[index].rows):
            return
        times_ms = self.pages[index].times_ms[row]
        at = Percentiles.of(times_ms)
        words = f"p50 {at.p50:.2f}, p90 {at.p90:.2f}, p95 {at.p95:.2f}, p99 {at.p99:.2f} ms"
        self.chosen.say(self.pages[index].candidates[row])
        self.times.say(words)
        self.histogram.show_values(times_ms, words)
        self.series.show_values(times_ms, f"From {min(times_ms):.2f} to {max(times_ms):.2f} ms, {words}")


class _Words(Note):
    """Words to be copied, which are never cut."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)


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
    # As high as its rows: the page scrolls, and a list that scrolls within would show two or three of ten.
    table.setSizeAdjustPolicy(QAbstractItemView.SizeAdjustPolicy.AdjustToContents)
    table.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
    table.horizontalHeader().setHighlightSections(False)
    table.setFont(tabular(table.font()))
    return table
