"""ExportDialog: "Detect all and export", from what to do to what became of it. All work is done in another process."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QDialog, QStackedWidget, QWidget

from facecam.batch.batch import Summary
from facecam.batch.regions import Regions, check_source, load_regions, regions_path, save_regions
from facecam.batch.watch import Progress
from facecam.errors import FacecamError
from facecam.faces.privacy import PrivacyOptions
from facecam.qtkit.file_dialogs import ask_path, show_folder
from facecam.qtkit.layouts import column
from facecam.qtkit.settings import Remembered, Settings
from facecam.qtkit.theme import SPACE
from facecam.system.files import writing
from facecam.ui.export.pages import OptionsPage, ProgressPage, SummaryPage
from facecam.ui.export.process import BatchProcess
from facecam.ui.export.review import ReviewDialog
from facecam.ui.export.settings import Copies, ExportSettings, output_folder

_DECIDED = "Hides what was decided by hand, whatever Search and the threshold are now."

How = tuple[object, ...]
"""When a file was changed last, and how it was searched."""


@dataclass(frozen=True)
class Look:
    """What was found in a file, and decided since. how: it was found; None: in an earlier run."""

    regions: Regions
    how: How | None

    def counts(self, how: How) -> bool:
        """Whether that is what will be hidden: somebody has decided something, or it would be found like that again."""
        return self.regions.by_hand or self.how == how


class ExportDialog(QDialog):
    """Does not block: the picture goes on behind it.

    specs: paths of files and folders. detector: options of the command that say which detector it is. out: the folder
    of all that is written. unsaved: files of which something was decided that is not beside a copy yet.
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
        self._source: Path | None = None  # the file, if it is a single one
        self._looks: dict[Path, Look] = {}
        self.unsaved: set[Path | None] = set()
        self._saving: Path | None = None  # the file whose regions are written beside a copy now
        self._looking: How | None = None  # while what is to be looked through is searched for
        self.out = Path()
        self._temporary = tempfile.TemporaryDirectory(prefix="facecam-export-")
        self._regions = Path(self._temporary.name) / "regions.json"
        self._began_s = 0.0
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
        self._estimator.ended.connect(lambda report: self.options.show_uncounted(report.error or ""))
        self.options.export_button.clicked.connect(self.export)
        self.options.review_button.clicked.connect(self.look_through)
        self.options.anew_button.clicked.connect(self.search)
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
        """Asks what to do with these, unless something is being done with others."""
        if self.running:
            if list(specs) != self._specs:
                self.progress.said.say("What came now is not exported; bring it again when this is done.")
            return
        self._specs = list(specs)
        file = Path(self._specs[0])
        self._source = file if len(self._specs) == 1 and file.is_file() else None
        self.set_folder(output_folder(self._specs))
        self._pages.setCurrentWidget(self.options)
        self.options.show_inputs(self._specs, can_review=self._source is not None)
        self._estimator.start([*self._specs, *self._detector(), "--hide", "blur", "--estimate"])

    def set_folder(self, folder: Path) -> None:
        self.out = folder
        self.options.show_folder(folder)
        self._show_look()

    def export(self) -> None:
        """Starts it, by what has been looked through if that counts."""
        look = self._look
        hides = self.options.value.copies is Copies.HIDDEN
        self._export(look.regions if look is not None and hides and look.counts(self._how) else None)

    def look_through(self) -> None:
        """Finds what there is to be hidden in a single file, and shows it before anything is written."""
        look, how = self._look, self._how
        if look is not None and (look.how is None or look.counts(how)):
            self._begin_review(look.regions, look.how or how)
        else:
            self.search()

    def search(self) -> None:
        """Finds it, in place of what was found and decided before."""
        self._regions.unlink(missing_ok=True)
        self._looking = self._how
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
    def _look(self) -> Look | None:
        return None if self._source is None else self._looks.get(self._source)

    @property
    def _how(self) -> How:
        """How what is to be hidden would be found now."""
        source = self._source
        changed_ns = source.stat().st_mtime_ns if source is not None and source.is_file() else 0
        return changed_ns, self.options.value.looks_thoroughly, tuple(self._detector())

    def _show_look(self) -> None:
        """Takes the regions beside the copy of an earlier run if there are no newer ones, and tells of what counts."""
        source, problem = self._source, ""
        if source is not None and self._look is None and (kept := regions_path(self.out / source.name)).exists():
            try:
                self._looks[source] = Look(load_regions(kept), None)
            except FacecamError as error:
                problem = str(error)
        look = self._look
        decided = look is not None and look.regions.by_hand
        self.options.show_look(_DECIDED if decided else problem, can_search_anew=look is not None)

    def _begin_review(self, regions: Regions | None, how: How) -> None:
        """regions: None for those that were found just now."""
        assert self._source is not None
        try:
            regions = regions or load_regions(self._regions)
            check_source(regions, self._source)
        except FacecamError as error:
            self._show_summary(Summary(error=str(error)))
            return
        review = self.review = ReviewDialog(self._source, regions, PrivacyOptions(self.options.value.how), self)
        review.closed.connect(partial(self._review_closed, self._source, how, regions))
        review.export_wanted.connect(self._export)
        self._pages.setCurrentWidget(self.options)
        review.show()

    def _review_closed(self, source: Path, how: How, before: Regions, regions: Regions) -> None:
        """What was decided is kept for the next look at that file, and for the export."""
        if regions.by_hand and regions is not before:
            self.unsaved.add(source)
        self._looks[source], self.review = Look(regions, how), None
        self._show_look()

    # -- the process

    def _export(self, regions: Regions | None) -> None:
        """regions: hides what these say."""
        try:
            with writing(self.out):
                self.out.mkdir(parents=True, exist_ok=True)
            if regions is not None:
                save_regions(regions, self._regions)
        except FacecamError as error:
            self._show_summary(Summary(error=str(error)))
            return
        self._saving = None if regions is None else self._source
        more = [] if regions is None else ["--regions", str(self._regions)]
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
        how, self._looking = self._looking, None
        if report.copies:
            self.unsaved.discard(self._saving)
        if how is not None and report.stopped:
            self._pages.setCurrentWidget(self.options)
        elif how is None or report.error is not None or report.failed:
            self._show_summary(report)
        else:
            self._begin_review(None, how)

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
            self.progress.said.say("Cancel it first; what is whole by then stays.")
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
