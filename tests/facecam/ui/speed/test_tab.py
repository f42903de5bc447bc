"""The Speed tab: a measurement in a process of its own, its progress, its result, what is done with it, and its end."""

from __future__ import annotations

import itertools
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QSpinBox
from pytestqt.qtbot import QtBot

from facecam.bench.card import draw_card
from facecam.bench.long import long_run
from facecam.bench.measure import run_of
from facecam.bench.report import report
from facecam.bench.result import BenchResult, Interim, Labels, Peak, Series, Stretch, to_json, to_line
from facecam.live.pipeline import Phase
from facecam.qtkit.settings import Settings
from facecam.qtkit.wording import rough_duration
from facecam.system.cpu import CoreUse
from facecam.ui.shell.app import build_window
from facecam.ui.shell.main_window import MainWindow
from facecam.ui.speed.charts import Histogram, TimeSeries
from facecam.ui.speed.tab import SpeedTab
from tests.doubles import FakeDetector, FakeSource
from tests.facecam.bench.made import MACHINE
from tests.facecam.ui.driving import action, bring_to_front, entries, live
from tests.facecam.waiting import PATIENCE_S

MEASURES = """
import json, shutil, sys
print("[1/3] Looking …", file=sys.stderr, flush=True)
print("[2/3] Sizes …", file=sys.stderr, flush=True)
shutil.copy({result!r}, sys.argv[sys.argv.index("--json") + 1])
open({told!r}, "w").write(json.dumps(sys.argv[1:]))
"""
REALLY = """
from pathlib import Path
from facecam.bench import command
from facecam.bench.result import load
from facecam.cli import run

def measured(options, tell, show):
    tell("[1/2] Looking")
    tell("[2/2] Sizes")
    return command.Found("640 × 480", result=load(Path({result!r})))

command.bench_command = measured
run()
"""
FAILS = "import sys; print('facecam: The run stood still for 3.0 s.', file=sys.stderr); sys.exit(2)"
HANGS = "import sys, time; print('[2/7] Looking …', file=sys.stderr, flush=True); time.sleep(60)"


def made_result(factor: float = 1.0, busy: bool = False) -> BenchResult:
    """Two engines at 10 and 5 ms, and a run of another title with one series."""

    def series(runtime: str, ms: float) -> Series:
        times = tuple(ms * factor + 0.01 * (index % 7) for index in range(60))
        labels = Labels("made", "0" * 64, runtime=runtime, width=640, height=480, faces=20, faces_found=20)
        return Series.of(labels, (1.0,), times, times, [(time, time, time) for time in times])

    use = CoreUse(1.0, 0.5, 0.5, 1) if busy else CoreUse(1.0, 1.0, 1.0, 1)
    runs = [
        run_of("Main", (series("slow", 10.0), series("fast", 5.0)), use),
        run_of("Sizes", (series("fast", 2.0),), use),
    ]
    points = tuple(Stretch(60.0 * (i + 1), 100, 5.0, 6.0, 5.0, 100.0, None, None) for i in range(3))
    return report(MACHINE, Peak(100.0, "made"), runs, "2026-01-02T03:04:05+00:00", long_run(Labels(), points))


@pytest.fixture
def result_file(tmp_path: Path) -> Path:
    path = tmp_path / "made.json"
    path.write_text(to_json(made_result()))
    return path


class Pauses:
    """Counts how often the live source is stopped and started again."""

    def __init__(self) -> None:
        self.stopped = self.started = 0

    def __call__(self):
        self.stopped += 1
        return self._resume

    def _resume(self) -> None:
        self.started += 1


def make_tab(qtbot: QtBot, script: str = "", pauses: Pauses | None = None) -> SpeedTab:
    tab = SpeedTab(["--model", "m.onnx"], pauses or Pauses(), Settings())
    tab.process.program = [sys.executable, "-c", script]
    qtbot.addWidget(tab)
    tab.resize(1000, 700)
    tab.view.fold.set_open(True)
    tab.show()
    return tab


@pytest.fixture
def opened(qtbot: QtBot, result_file: Path) -> SpeedTab:
    """With a result."""
    tab = make_tab(qtbot)
    tab.open(result_file)
    return tab


@pytest.fixture
def in_window(qtbot: QtBot, window: MainWindow) -> SpeedTab:
    """In the real window, which is small."""
    window.resize(800, 600)
    tab = bring_to_front(qtbot, window, 1)
    assert isinstance(tab, SpeedTab)
    return tab


def column(tab: SpeedTab, name: str) -> list[str]:
    """The texts of a column of the table."""
    table = tab.view.details.table
    names = [table.horizontalHeaderItem(index).text() for index in range(table.columnCount())]
    return [table.item(row, names.index(name)).text() for row in range(table.rowCount())]


# A measurement


def test_a_measurement_is_shown_with_what_was_asked_for(qtbot: QtBot, result_file: Path, tmp_path: Path) -> None:
    pauses, told = Pauses(), tmp_path / "told.json"
    tab = make_tab(qtbot, MEASURES.format(result=str(result_file), told=str(told)), pauses)
    steps: list[tuple[int, int, str]] = []
    tab.process.progressed.connect(lambda *step: steps.append(step))
    tab.controls.seconds.setValue(7)
    tab.controls.minutes.setValue(3)
    tab.controls.threads.setValue(2)
    tab.controls.opencv.click()
    tab.controls.gallery.click()
    tab.add_model(tmp_path / "other.onnx")
    tab.controls.start_button.click()
    assert tab.running
    assert tab.controls.start_button.text() == "Cancel"
    assert not tab.controls.seconds.isEnabled()
    assert (pauses.stopped, pauses.started) == (1, 0)
    qtbot.waitUntil(lambda: not tab.running)
    qtbot.waitUntil(lambda: tab.view.result is not None)
    assert steps == [(1, 3, "Looking"), (2, 3, "Sizes")]
    arguments = " ".join(json.loads(told.read_text()))
    assert arguments.startswith(
        "bench --model m.onnx --seconds 7 --minutes 3 --threads 2 --opencv --no-gallery --also "
    )
    assert "other.onnx" in arguments
    assert tab.view.figures[0].value.text() == "199 FPS"
    assert "9.9 times the paper's 20 FPS" in tab.view.against.text()
    assert tab.status.text() == "Measured 2026-01-02 03:04 UTC."
    assert (pauses.stopped, pauses.started) == (1, 1)


@pytest.mark.parametrize("encoding", ["cp1251", "cp1252"])
def test_a_measurement_is_understood_in_a_system_with_a_code_page(
    qtbot: QtBot, result_file: Path, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    tab = SpeedTab([], Pauses(), Settings())
    qtbot.addWidget(tab)
    tab.process.program = [sys.executable, "-c", REALLY.format(result=str(result_file))]
    steps: list[tuple[int, int, str]] = []
    tab.process.progressed.connect(lambda *step: steps.append(step))
    tab.toggle()
    qtbot.waitUntil(lambda: not tab.running)
    assert (steps, tab.status.text()) == ([(1, 2, "Looking"), (2, 2, "Sizes")], "Measured 2026-01-02 03:04 UTC.")


def test_a_refused_measurement_says_why_and_keeps_the_result_before(qtbot: QtBot, result_file: Path) -> None:
    pauses = Pauses()
    tab = make_tab(qtbot, FAILS, pauses)
    assert not tab.controls.copy_button.isEnabled()
    tab.open(result_file)
    tab.toggle()
    qtbot.waitUntil(lambda: not tab.running)
    assert tab.status.text() == "The run stood still for 3.0 s."
    assert tab.view.figures[0].value.text() == "199 FPS"
    assert tab.controls.copy_button.isEnabled()
    assert pauses.started == 1


def test_cancelling_ends_it_at_once_and_a_result_from_before_is_named_as_such(qtbot: QtBot, result_file: Path) -> None:
    pauses = Pauses()
    tab = make_tab(qtbot, HANGS, pauses)
    for times, above in ((1, ""), (2, " Above: what was measured 2026-01-02 03:04 UTC.")):
        tab.toggle()
        qtbot.waitUntil(lambda: tab.controls.progress.maximum() == 7)
        assert tab.controls.progress.value() == 1
        assert tab.status.text() == f"2 of 7: Looking…{above}"
        tab.toggle()
        assert not tab.running
        assert tab.status.text() == "Cancelled."
        assert pauses.started == times
        assert tab.controls.start_button.text() == "Measure"
        tab.open(result_file)


STOPS_AFTER_A_LOOK = """
import sys, time
print("[2/7] Looking …", file=sys.stderr, flush=True)
print({line!r}, flush=True)
time.sleep(60)
"""


def test_figures_so_far_stand_in_place_of_the_result_until_it_is_there(qtbot: QtBot, result_file: Path) -> None:
    figures = tuple((series.labels, 4.0) for series in made_result().runs[0].series)
    tab = make_tab(qtbot, STOPS_AFTER_A_LOOK.format(line=to_line(Interim(0.5, figures))))
    for before in ("How fast is this machine?", "199 FPS"):
        tab.toggle()
        qtbot.waitUntil(lambda: tab.view.figures[0].value.text() == "250 FPS")
        assert tab.view.bars.texts() == [("made · slow", "250 FPS", ""), ("made · fast", "250 FPS", "")]
        assert "So far" in tab.view.place.text()
        assert "times the paper's" not in tab.view.against.text(), "no verdict before the end"
        assert not tab.view.fold.isVisible()
        tab.toggle()
        assert tab.view.figures[0].value.text() == before
        tab.open(result_file)


def test_closing_the_window_ends_it_and_starts_nothing(qtbot: QtBot) -> None:
    pauses = Pauses()
    tab = make_tab(qtbot, HANGS, pauses)
    tab.toggle()
    qtbot.waitUntil(lambda: tab.controls.progress.maximum() == 7)
    assert tab.close_down(PATIENCE_S)
    assert pauses.started == 0


def test_a_program_that_is_missing_is_told(qtbot: QtBot, tmp_path: Path) -> None:
    tab = make_tab(qtbot)
    tab.process.program = [str(tmp_path / "nothing here")]
    tab.toggle()
    qtbot.waitUntil(lambda: not tab.running)
    assert "can't be started" in tab.status.text()


# A result


def test_tables_and_charts_follow_the_choice(opened: SpeedTab) -> None:
    view = opened.view.details
    assert entries(view.page) == ["Main", "Sizes", "Long run"]
    assert column(opened, "runtime") == ["slow", "fast"]
    assert view.table.currentRow() == 1, "the series of the verdict is chosen first"
    assert "p50 5.03" in view.histogram.toolTip()
    view.table.selectRow(0)
    assert "p50 10.03" in view.histogram.toolTip()
    assert view.chosen.text() == "made · slow · 640x480 · 20 faces, 20 found"
    assert view.times.text().startswith("p50 10.03, p90 ")
    view.page.setCurrentIndex(1)
    assert column(opened, "p50 ms") == ["2.03"]
    assert "p50 2.03" in view.series.toolTip()
    view.page.setCurrentIndex(2)
    assert column(opened, "memory MiB") == ["100", "100", "100"]
    assert "no slower" in view.note.text()


def test_window_card_and_file_show_the_same_numbers(qtbot: QtBot, tmp_path: Path) -> None:
    stored = Path(__file__).parents[2] / "bench" / "result-schema-2.json"
    content = json.loads(stored.read_text())
    content["problems"] = []
    for series in content["runs"][0]["series"]:
        series["labels"]["average_precision"] = 0.852
    (tmp_path / "result.json").write_text(json.dumps(content))
    main = content["runs"][0]["series"]
    speeds = {
        (series["labels"]["model"], series["labels"]["runtime"], series["labels"]["precision"]): round(
            1000 / series["total_ms"]["p50"]
        )
        for series in main
    }
    exact, live = speeds["faceboxes", "openvino", "f32"], speeds["faceboxes-s16", "openvino", "int8"]
    tab = make_tab(qtbot)
    tab.open(tmp_path / "result.json")
    assert tab.view.result is not None
    wanted = [
        ("The paper's network, float32", f"{exact} FPS", "AP 0.852 · faceboxes · openvino"),
        ("What Live runs here", f"{live} FPS", "AP 0.852 · faceboxes-s16 · openvino int8"),
    ]
    on_card = draw_card(tab.view.result).texts
    assert [(one.title.text(), one.value.text(), one.candidate.text()) for one in tab.view.figures] == wanted
    assert [text for figure in wanted for text in figure] == on_card[2:8]
    bars = dict(zip((name for name, _, _ in tab.view.bars.texts()), tab.view.bars.texts(), strict=True))
    assert sorted(int(speed.removesuffix(" FPS")) for _, speed, _ in bars.values()) == sorted(speeds.values())
    names = [text for text in on_card if text in bars]
    assert len(names) == 6, "a name ends in dots"
    assert [f"{on_card[on_card.index(name) + 1]} FPS" for name in names] == [bars[name][1] for name in names]
    times = next(series for series in main if series["labels"]["runtime"] == "openvino")["total_ms"]
    (title,) = [text for text in on_card if text.startswith("p50 ")]
    assert title.split()[:6:2] == ["p50", "p90", "p99"]
    assert title.split()[1:6:2] == [f"{times[name]:.1f}" for name in ("p50", "p90", "p99")]
    assert tab.view.details.times.text().startswith(f"p50 {times['p50']:.2f}, p90 {times['p90']:.2f}, ")


def test_the_details_stay_as_the_user_leaves_them(qtbot: QtBot, result_file: Path) -> None:
    settings = Settings()
    for open_before in (False, True, False):
        tab = SpeedTab([], Pauses(), settings)
        qtbot.addWidget(tab)
        tab.show()
        assert not tab.view.details.isVisible(), "nothing to show as yet"
        tab.open(result_file)
        assert tab.view.details.isVisible() is open_before
        tab.view.fold.button.click()
        assert tab.view.details.isVisible() is not open_before


@pytest.mark.parametrize(("width", "height"), [(640, 480), (1440, 900)])
def test_the_page_scrolls_and_the_table_shows_all_its_rows(qtbot: QtBot, width: int, height: int) -> None:
    tab = make_tab(qtbot)
    tab.resize(width, height)
    tab.open(Path(__file__).parents[2] / "bench" / "result-schema-2.json")
    table = tab.view.details.table
    assert table.rowCount() > 5
    qtbot.waitUntil(lambda: table.viewport().height() >= table.verticalHeader().length())


def test_nothing_moves_sideways_when_the_details_unfold(qtbot: QtBot, result_file: Path) -> None:
    tab = make_tab(qtbot)
    tab.resize(1000, 480)
    tab.open(result_file)
    tab.show()
    view, bar = tab.view, tab._scroll.verticalScrollBar()
    qtbot.waitUntil(lambda: view.bars.width() > 300)
    before = view.bars.width()
    assert not bar.isVisible()
    view.fold.set_open(True)
    qtbot.waitUntil(bar.isVisible)
    qtbot.waitUntil(lambda: view.details.table.width() > 300)
    assert view.bars.width() == before
    for part in (view.bars, view.details.table, view.details.terms):
        right = part.mapTo(tab, part.rect().topRight()).x()
        assert bar.mapTo(tab, bar.rect().topLeft()).x() - right >= 8, "it touches the scroll bar"


def test_menus_offer_what_the_buttons_do(window: MainWindow, in_window: SpeedTab, result_file: Path) -> None:
    tab = in_window

    def offered() -> set[str]:
        entries = [action for menu in window.menus.actions() for action in menu.menu().actions()]  # type: ignore[attr-defined]
        return {action.text() for action in entries if action.isEnabled()} & {each.text() for each in tab.commands()}

    always = {"Measure, or cancel", "Compare with a model…", "Open a result…"}
    assert offered() == always
    tab.open(result_file)
    assert offered() == {action.text() for action in tab.commands()} > always
    action(window, "Copy the result").trigger()
    assert "FPS" in QGuiApplication.clipboard().text()


def test_headings_stand_over_their_figures_and_are_explained(opened: SpeedTab) -> None:
    details = opened.view.details
    for page in range(details.page.count()):
        details.page.setCurrentIndex(page)
        sentences = details.terms.text().splitlines()
        assert len(sentences) == details.table.columnCount()
        for index, sentence in enumerate(sentences):
            head, cell = details.table.horizontalHeaderItem(index), details.table.item(0, index)
            assert head.textAlignment() == cell.textAlignment(), head.text()
            assert sentence.startswith(f"{head.text()}: ")
            assert head.toolTip().startswith(f"{head.text()}: ")


def test_the_welcome_is_whole_in_a_small_window(in_window: SpeedTab) -> None:
    view = in_window.view
    for label in (view.figures[0].value, view.place, view.against):
        assert label.wordWrap()
        assert label.height() >= label.heightForWidth(label.width())
    assert view.place.height() > view.place.fontMetrics().height() * 1.5


def test_the_welcome_says_how_long_what_is_chosen_takes(qtbot: QtBot, result_file: Path) -> None:
    tab = make_tab(qtbot)
    assert "about half a minute" in tab.view.against.text()
    tab.controls.seconds.setValue(60)
    assert "about 5 minutes" in tab.view.against.text()
    tab.controls.minutes.setValue(30)
    assert "about 35 minutes" in tab.view.against.text()
    tab.open(result_file)
    tab.controls.minutes.setValue(0)
    assert "9.9 times the paper's" in tab.view.against.text()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3, "5 seconds"), (21, "25 seconds"), (32, "half a minute"), (60, "a minute"), (100, "2 minutes")],
)
def test_rough_durations_in_words(seconds: float, words: str) -> None:
    assert rough_duration(seconds) == words


def test_nothing_lies_over_another_where_there_is_much_to_say(qtbot: QtBot, in_window: SpeedTab) -> None:
    result = made_result()
    problems = ("A problem of this run alone, which takes more than a line of such a window.",) * 4
    result = replace(
        result,
        warnings=tuple(
            f"Warning {number}, which takes more than a line of such a narrow window." for number in range(9)
        ),
        runs=(replace(result.runs[0], problems=problems), *result.runs[1:]),
    )
    in_window.show_result(result)
    view, details = in_window.view, in_window.view.details
    view.fold.set_open(True)
    shown = [view.figures[0].value, view.place, view.against, view.bars, view.notes]
    shown += [details.histogram, details.page, details.table, details.note, details.terms]

    def apart() -> bool:
        areas = [QRect(widget.mapTo(view, QPoint()), widget.size()) for widget in shown]
        return all(above.bottom() < below.top() for above, below in itertools.pairwise(areas))

    qtbot.waitUntil(apart)
    for label in (view.notes, view.details.note):
        assert label.height() >= label.heightForWidth(label.width()), "text is cut"


def test_without_a_verdict_the_reason_stands_in_its_place(qtbot: QtBot) -> None:
    tab = make_tab(qtbot)
    tab.show_result(made_result(busy=True))
    assert tab.view.figures[0].value.text() == "No verdict"
    assert "only 50 % of the time" in tab.view.against.text()
    assert "only 50 % of the time" not in tab.view.details.note.text(), "told twice"
    assert column(tab, "runtime") == ["slow", "fast"], "the figures themselves are still there"


def test_a_result_is_copied_saved_and_opened_again(qtbot: QtBot, tmp_path: Path, result_file: Path) -> None:
    tab = make_tab(qtbot)
    tab.copy()
    tab.save(tmp_path / "nothing.json")
    assert not (tmp_path / "nothing.json").exists()
    tab.open(result_file)
    tab.controls.copy_button.click()
    assert "\n| slow    |" in QGuiApplication.clipboard().text()
    tab.save(tmp_path / "saved.json")
    assert json.loads((tmp_path / "saved.json").read_text()) == json.loads(result_file.read_text())
    tab.save(tmp_path / "card.png")
    with Image.open(tmp_path / "card.png") as card:
        assert card.size == (1200, 630)
    tab.save(tmp_path / "no folder" / "x.json")
    assert "can't be written" in tab.status.text()
    for name in ("card.jpg", "saved"):
        tab.save(tmp_path / name)
        assert tab.status.text() == f"{name} was not saved: give it a name that ends in .json or .png."
        assert not (tmp_path / name).exists()


def test_an_earlier_result_stands_beside(tmp_path: Path, opened: SpeedTab) -> None:
    earlier = tmp_path / "earlier.json"
    earlier.write_text(to_json(made_result(2.0)))
    for _ in range(2):  # the second one takes the first one's place
        opened.compare(earlier)
        assert opened.view.details.page.count() == 4
    assert opened.view.details.page.currentText() == "Compared with earlier.json"
    assert opened.view.compared.text().startswith("This result is 1.99 times as fast as earlier.json, ")
    assert [row[1] for row in opened.view.bars.texts()] == ["50 → 100 FPS", "100 → 199 FPS"]
    assert [float(text) for text in column(opened, "ratio")] == pytest.approx([0.5, 0.5], abs=0.01)
    assert "different times" in opened.view.details.note.text()
    assert opened.view.details.note.text().startswith(
        "First: earlier.json, measured 2026-01-02 03:04 UTC. Second: the result"
    )
    opened.controls.copy_button.click()
    copied = QGuiApplication.clipboard().text()
    assert "| CPU ms, first | CPU ms, second |" in copied
    assert "First: earlier.json, measured" in copied
    opened.view.details.table.selectRow(1)
    assert opened.view.details.chosen.text().startswith("made · fast")
    assert "p50 5.03" in opened.view.details.histogram.toolTip(), "the times of the result itself"


NO_RUNS = to_json(replace(made_result(), runs=()))


@pytest.mark.parametrize("content", ["", "{}", '{"schema": 1, "runs": []}', NO_RUNS])
def test_other_files_are_told_and_change_nothing(tmp_path: Path, content: str, opened: SpeedTab) -> None:
    (tmp_path / "other.json").write_text(content)
    opened.open(tmp_path / "other.json")
    assert "other.json" in opened.status.text()
    assert opened.view.figures[0].value.text() == "199 FPS"


@pytest.mark.parametrize("kind", [Histogram, TimeSeries])
def test_charts_paint_what_they_are_given(qtbot: QtBot, kind: type) -> None:
    chart = kind("Times")
    qtbot.addWidget(chart)
    chart.resize(300, 150)
    chart.show()
    accent = chart._accent()

    def painted() -> int:
        image = chart.grab().toImage()
        return sum(
            image.pixelColor(x, y) == accent for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)
        )

    assert painted() == 0
    chart.show_values([5.0], "one")
    chart.show_values([5.0 + 0.1 * (index % 10) for index in range(200)] + [500.0], "many and a hiccup")
    assert painted() > 20


def test_a_series_that_keeps_its_spread_looks_alike_from_first_to_last(qtbot: QtBot) -> None:
    chart = TimeSeries("Times")
    qtbot.addWidget(chart)
    chart.resize(300, 150)
    chart.show()
    chart.show_values([5.0 + (index * 7 % 10) / 10 for index in range(200)])
    image = chart.grab().toImage()
    ground = image.pixelColor(0, image.height() // 2)

    def drawn(columns: range) -> int:
        rows = range(image.height() // 4, image.height() * 3 // 4)
        return sum(image.pixelColor(x, y) != ground for x in columns for y in rows)

    middle = image.width() // 2
    assert drawn(range(1, middle)) == pytest.approx(drawn(range(middle, image.width() - 1)), rel=0.1)


def test_tab_leads_out_of_the_table(qtbot: QtBot, opened: SpeedTab) -> None:
    opened.view.details.table.setFocus()
    assert opened.focusWidget() is opened.view.details.table
    qtbot.keyClick(opened.view.details.table, Qt.Key.Key_Tab)
    assert opened.focusWidget() is not opened.view.details.table


def test_every_control_stays_in_the_column(qtbot: QtBot) -> None:
    tab = make_tab(qtbot)
    for control in (*tab.controls.findChildren(QAbstractButton), *tab.controls.findChildren(QSpinBox)):
        if control.isVisible():
            assert control.mapTo(tab.controls, control.rect().topRight()).x() <= tab.controls.width()


def test_it_is_the_second_tab_and_stops_the_live_source_meanwhile(
    qtbot: QtBot, settings: Settings, tmp_path: Path
) -> None:
    settings.put("record/folder", str(tmp_path))
    window = build_window("fake", settings, make_detector=FakeDetector, open_source=lambda spec: FakeSource())
    qtbot.addWidget(window)
    window.show()
    first, tab = live(window), window.tab(1)
    assert isinstance(tab, SpeedTab)
    qtbot.waitUntil(lambda: first.picture.seen() is not None)
    tab.process.program = [sys.executable, "-c", HANGS]
    tab.toggle()
    qtbot.waitUntil(lambda: first.session.phase is Phase.IDLE)
    said = "Resting while the speed is measured"
    qtbot.waitUntil(lambda: first.stage.message is not None and first.stage.message.title == said)
    qtbot.waitUntil(lambda: said in first.status.text())
    assert first.picture.seen() is None  # faces that nobody could hide any more
    tab.toggle()
    qtbot.waitUntil(lambda: first.session.phase is Phase.RUNNING)
    qtbot.waitUntil(lambda: first.stage.message is None)
    first.recording.saving.toggle_recording()
    tab.toggle()
    assert "is recording" in tab.status.text()
    assert not tab.running
    assert first.recording.saving.is_recording  # nothing of it is lost
    first.recording.saving.toggle_recording()
    first.stage.start_or_stop()
    qtbot.waitUntil(lambda: first.session.phase is Phase.IDLE)
    tab.toggle()
    qtbot.waitUntil(lambda: first.stage.message is not None and first.stage.message.title == said)
    first.stage.start()  # doesn't wait
    qtbot.waitUntil(lambda: first.session.phase is Phase.RUNNING)
    tab.toggle()
    qtbot.waitUntil(lambda: not tab.running)
    assert first.session.phase is Phase.RUNNING
    window.close()
