"""ExportDialog: "Detect all and export", from what to do to what became of it. All work is done in another process."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QDialog, QStackedWidget, QWidget

from facecam.batch.batch import Summary
from facecam.batch.inputs import file_id
from facecam.batch.regions import SUFFIX, Regions, load_regions, save_regions
from facecam.batch.watch import Progress
from facecam.errors import FacecamError
from facecam.faces.privacy import PrivacyOptions
from facecam.qtkit.file_dialogs import ask_path, show_folder
from facecam.qtkit.layouts import column
from facecam.qtkit.settings import Remembered, Settings
from facecam.qtkit.theme import SPACE
from facecam.ui.export.pages import OptionsPage, ProgressPage, SummaryPage
from facecam.ui.export.process import BatchProcess
from facecam.ui.export.review import ReviewDialog
from facecam.ui.export.settings import Copies, ExportSettings, output_folder


class ExportDialog(QDialog):
    """Does not block: the picture goes on behind it.

    specs: paths of files and folders. detector: options of the command that say which detector it is. out: the folder
    of all that is written.
    """

    def __init__(
        self,
        specs: Sequence[str],
        settings: Settings,
        detector: Callable[[], list[str]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._detector = detector
        self._specs: list[str] = []
        self.out = Path()
        self._temporary = tempfile.TemporaryDirectory(prefix="facecam-export-")
        self._regions = Path(self._temporary.name) / "regions.json"
        self._found: tuple[object, ...] | None = None  # how these regions were found
        self._began_s = 0.0
        self._reviewing = False
        self.review: ReviewDialog | None = None
        self.setWindowTitle("Detect all and export")
        self.setAcceptDrops(True)
        self.remembered = Remembered(settings, ExportSettings)
        self._estimator = BatchProcess(parent=self)
        self.process = BatchProcess(parent=self)
        self.process.progressed.connect(self._progressed)
        self.process.ended.connect(self._ended)
        self.options, self.progress, self.summary = OptionsPage(self.remembered), ProgressPage(), SummaryPage()
        self._pages = QStackedWidget()
        for page in (self.options, self.progress, self.summary):
            self._pages.addWidget(page)
        column(self._pages, owner=self, margins=(2 * SPACE,) * 4)
        self._estimator.estimated.connect(self.options.show_found)
        self.options.export_button.clicked.connect(self.export)
        self.options.review_button.clicked.connect(self.look_through)
        self.options.folder_button.clicked.connect(self._ask_folder)
        self.options.close_button.clicked.connect(self.close)
        self.progress.cancel_button.clicked.connect(self.cancel)
        self.summary.open_button.clicked.connect(lambda: show_folder(self.out, self.summary.say))
        self.summary.back_button.clicked.connect(lambda: self._pages.setCurrentWidget(self.options))
        self.summary.close_button.clicked.connect(self.close)
        self.resize(68 * SPACE, 62 * SPACE)
        self.set_specs(specs)

    @property
    def running(self) -> bool:
        return self.process.running

    def set_specs(self, specs: Sequence[str]) -> None:
        self._specs, self._found = list(specs), None
        self.set_folder(output_folder(self._specs))
        self._pages.setCurrentWidget(self.options)
        self.options.show_inputs(self._specs, can_review=self._specs_are_one())
        self._estimator.start([*self._specs, *self._detector(), "--hide", "blur", "--estimate"])

    def set_folder(self, folder: Path) -> None:
        self.out = folder
        self.options.show_folder(folder)

    def export(self) -> None:
        """Starts it, by regions if they have been looked through."""
        by_regions = self._regions_known and self.options.value.copies is Copies.HIDDEN
        self._run(["--regions", str(self._regions)] if by_regions else [])

    def look_through(self) -> None:
        """Finds what there is to be hidden in a single file, and shows it before anything is written."""
        if self._regions_known or self._take_kept():
            self._begin_review()
            return
        self._regions.unlink(missing_ok=True)
        self._found, self._reviewing = None, True
        how = [*self.options.value.how_to_look(), *self.options.value.share()]
        self._start("Looking for what is to be hidden…", [*self._specs, *how], ["--regions", str(self._regions)])

    def cancel(self) -> None:
        """Ends the export; files that are complete stay."""
        self.progress.say_ending()
        self.process.cancel()

    def close_down(self, timeout_s: float) -> bool:
        if self.review is not None:
            self.review.close()
        self._estimator.close(0)
        ended = self.process.close(timeout_s)
        self.close()
        return ended

    # -- regions

    @property
    def _key(self) -> tuple[object, ...]:
        """What regions depend on."""
        path = Path(self._specs[0])
        changed = path.stat().st_mtime_ns if file_id(path) is not None else 0
        value = self.options.value
        return str(path), changed, value.looks_thoroughly, tuple(self._detector())

    def _specs_are_one(self) -> bool:
        return len(self._specs) == 1 and Path(self._specs[0]).is_file()

    @property
    def _regions_known(self) -> bool:
        """Whether they were found before in the same way."""
        return self._specs_are_one() and self._found == self._key

    def _take_kept(self) -> bool:
        """Takes the regions beside the copy of an earlier run, if there are any."""
        source = Path(self._specs[0])
        try:
            self._keep(load_regions(self.out / (source.name + SUFFIX), source))
        except FacecamError:
            return False
        return True

    def _keep(self, regions: Regions) -> None:
        save_regions(regions, self._regions)
        self._found = self._key

    def _begin_review(self) -> None:
        source = Path(self._specs[0])
        try:
            regions = load_regions(self._regions, source)
        except FacecamError as error:
            self._show_summary(Summary(error=str(error)))
            return
        review = self.review = ReviewDialog(source, regions, PrivacyOptions(self.options.value.how), self)
        review.export_wanted.connect(self._export_reviewed)
        review.closed.connect(self._review_closed)
        self._pages.setCurrentWidget(self.options)
        review.show()

    def _export_reviewed(self, regions: Regions) -> None:
        self._keep(regions)
        self.export()

    def _review_closed(self, regions: Regions) -> None:
        """What was decided is kept for the next look."""
        self._keep(regions)
        self.review = None

    # -- the process

    def _run(self, more: list[str]) -> None:
        try:
            self.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._show_summary(Summary(error=f"{self.out} can't be made: {error.strerror or error}."))
            return
        self._reviewing = False
        self._start(f"Writing to {self.out}", self.options.value.arguments(self._specs, self.out), more)

    def _start(self, title: str, arguments: list[str], more: list[str]) -> None:
        found = self.options.found
        self.progress.begin(title, found.frames if found is not None and found.sure else 0)
        self._pages.setCurrentWidget(self.progress)
        self._began_s = time.monotonic()
        self.process.start([*arguments, *self._detector(), *more, "--watch"])

    def _progressed(self, progress: Progress) -> None:
        self.progress.show_progress(progress, time.monotonic() - self._began_s)

    def _ended(self, report: Summary) -> None:
        well = self._regions.exists() and not report.stopped and report.error is None and not report.failed
        if self._reviewing and well:
            self._found = self._key
            self._begin_review()
        elif self._reviewing and report.stopped:
            self._pages.setCurrentWidget(self.options)
        else:
            self._show_summary(report)

    def _show_summary(self, report: Summary) -> None:
        self.summary.show_report(report, self.out, self.options.value)
        self._pages.setCurrentWidget(self.summary)

    # -- the rest

    def _ask_folder(self) -> None:
        ask_path(self, "A folder for copies and lists", self.set_folder, self.out.parent)

    def reject(self) -> None:
        """Esc; not by accident while something is being done."""
        if not self.running:
            super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.running:
            self.progress.say("Cancel it first; what is whole by then stays.")
            event.ignore()
            return
        self._estimator.close(0)
        super().closeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if not self.running and _paths(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.set_specs(_paths(event))


def _paths(event: QDropEvent) -> list[str]:
    return [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
