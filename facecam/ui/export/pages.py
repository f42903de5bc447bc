"""The pages of the export: what to do, how far it is, what became of it."""

from __future__ import annotations

import html
from pathlib import Path

from PySide6.QtWidgets import QLabel, QProgressBar, QTextBrowser, QWidget

from facecam.batch.batch import Summary
from facecam.batch.estimate import Estimate, words
from facecam.batch.watch import Progress
from facecam.faces.privacy import Hiding
from facecam.qtkit.fields import Row, button, check, combo, keep, spin
from facecam.qtkit.layouts import column, row
from facecam.qtkit.settings import Remembered
from facecam.qtkit.theme import SPACE, tabular
from facecam.qtkit.widgets import DimLine, ElidedLabel, Heading, Note
from facecam.qtkit.wording import counted
from facecam.ui.export.settings import MOST_JOBS, Copies, ExportSettings

_MOST_NAMES = 200
_KNOWN_AFTER_S = 3.0


class OptionsPage(QWidget):
    """What is exported, how, and where to. What is chosen is remembered. found: what there is, once it is counted."""

    def __init__(self, remembered: Remembered[ExportSettings]) -> None:
        super().__init__()
        self._remembered = remembered
        self._can_review = self._can_search_anew = False
        self._decided = self._uncounted = ""
        self.found: Estimate | None = None
        self.heading, self.counts = Heading(""), DimLine()
        self.copies = combo(
            ("Copies with faces hidden", Copies.HIDDEN), ("Copies with boxes", Copies.BOXES), ("No copies", Copies.NONE)
        )
        self.how = combo(*((way.value.capitalize(), way.value) for way in Hiding))
        self.thorough = combo(
            ("Thorough: small, half and lying faces too", True), ("Quick: scaled to 640 × 480", False)
        )
        self.sound = check("Keep the sound of videos", "Voices tell who somebody is, too")
        self.json = check("Faces as JSON lines", "faces.jsonl in the same folder: a line for each picture or frame")
        self.csv = check("Faces as CSV", "faces.csv in the same folder: a row for each face")
        self.jobs = spin(1, MOST_JOBS)
        self.folder = ElidedLabel()
        self.estimate = Note("Estimate")
        self.folder_button = button("Change…", "Another folder for copies and lists")
        self.review_button = button("Look through first…", "Shows what will be hidden, doubtful frames first")
        self.anew_button = button("Search anew…", "In place of what was found and decided before")
        self.export_button = button("Export", "Starts it")
        self.export_button.setDefault(True)
        self.how_row = Row("Hidden by", self.how, "Nothing finer than a few cells remains by any of them")
        self.thorough_row = Row("Search", self.thorough, "Thorough takes longer, and misses fewer")
        jobs_help = "Each takes one core; they share files, and long videos in pieces"
        self.close_button = button("Close", "")
        column(
            self.heading,
            self.counts,
            SPACE,
            Row("Write", self.copies, "Originals are never changed"),
            self.how_row,
            self.thorough_row,
            self.sound,
            self.json,
            self.csv,
            Row("Processes", self.jobs, jobs_help),
            SPACE,
            Heading("Folder"),
            row((self.folder, 1), self.folder_button, spacing=SPACE),
            None,
            self.estimate,
            row(self.review_button, self.anew_button, None, self.close_button, self.export_button, spacing=SPACE),
            owner=self,
            spacing=SPACE,
        )
        for name in ("copies", "how", "thorough", "sound", "json", "csv", "jobs"):
            keep(getattr(self, name), remembered, name, self._refresh)
        self._refresh()

    @property
    def value(self) -> ExportSettings:
        return self._remembered.value

    def show_inputs(self, specs: list[str], can_review: bool) -> None:
        """Paths, and whether they are a single file, which can be looked through."""
        names = [Path(spec).name or spec for spec in specs]
        self.heading.setText(names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more")
        self._can_review, self.found, self._uncounted = can_review, None, ""
        self.counts.say("Counting…")
        self._refresh()

    def show_folder(self, folder: Path) -> None:
        self.folder.say(str(folder))

    def show_look(self, words: str, can_search_anew: bool) -> None:
        """What is told of what was decided before, and whether there is something that a search would replace."""
        self._decided, self._can_search_anew = words, can_search_anew
        self._refresh()

    def show_uncounted(self, why: str) -> None:
        self.counts.say("Not counted")
        self._uncounted = why
        self._refresh()

    def show_found(self, found: Estimate) -> None:
        """What there is, and how long it will take."""
        self.found = found
        counts = [
            counted(count, kind) for count, kind in ((found.pictures, "picture"), (found.videos, "video")) if count
        ]
        frames = f" of {counted(found.frames, 'frame')}" if found.videos else ""
        self.counts.say((" and ".join(counts) or "Nothing that can be counted") + frames)
        self._refresh()

    def _say_duration(self) -> None:
        estimate, value = self.found, self.value
        decided = self._decided if value.copies is Copies.HIDDEN else ""
        told = f"{decided} {self._uncounted}".strip()
        if told or estimate is None or not estimate.frames:
            self.estimate.say(told)
            return
        least = "" if estimate.sure else "at least "
        thorough, quick = (words(estimate.seconds(each, value.jobs)) for each in (True, False))
        text = f"Takes {least}{thorough if value.looks_thoroughly else quick}."
        if value.copies is Copies.HIDDEN:
            text += (
                f" A quick search takes {quick}, and misses small and lying faces."
                if value.thorough
                else f" Small and lying faces stay in view; a thorough search takes {thorough}."
            )
        self.estimate.say(text)

    def _refresh(self) -> None:
        value = self.value
        hides = value.copies is Copies.HIDDEN
        self.how_row.setEnabled(hides)
        self.thorough_row.setEnabled(hides)
        self.sound.setEnabled(value.copies is not Copies.NONE)
        self.export_button.setEnabled(value.writes)
        self.review_button.setVisible(self._can_review)
        self.anew_button.setVisible(self._can_search_anew)
        for search in (self.review_button, self.anew_button):
            search.setEnabled(hides)
        self._say_duration()


class ProgressPage(QWidget):
    """How far it is."""

    def __init__(self) -> None:
        super().__init__()
        self._expected = 0
        self.title, self.file = ElidedLabel(), DimLine()
        self.said = Note("What can't be done now")
        self.bar = QProgressBar()
        self.bar.setAccessibleName("Progress")
        self.words = QLabel()
        self.words.setFont(tabular(self.words.font()))
        self.cancel_button = button("Cancel", "Ends it; what is whole by then stays")
        lines = (self.title, self.file, self.bar, self.words)
        column(None, *lines, (None, 2), self.said, row(None, self.cancel_button), owner=self, spacing=SPACE)

    def begin(self, title: str, expected_frames: int) -> None:
        """expected_frames: 0 where that is not known."""
        self._expected = expected_frames
        self.title.say(title)
        self.file.say("")
        self.said.say("")
        self.words.setText("Starting…")
        self.bar.setRange(0, 0)  # busy, until the first frame
        self.cancel_button.setEnabled(True)

    def show_progress(self, progress: Progress, took_s: float) -> None:
        """took_s: since the beginning."""
        if not self.cancel_button.isEnabled():
            return
        self.file.say(progress.file)
        expected = max(self._expected, progress.frames)
        if self._expected:
            self.bar.setRange(0, expected)
            self.bar.setValue(progress.frames)
        parts = [f"{min(progress.files + 1, progress.all_files)} of {progress.all_files}"] * (progress.all_files > 1)
        parts.append(counted(progress.frames, "frame"))
        if self._expected and took_s > _KNOWN_AFTER_S and progress.frames:
            parts.append(f"{words(took_s / progress.frames * (expected - progress.frames))} left")
        self.words.setText(" · ".join(parts))

    def say_ending(self) -> None:
        self.cancel_button.setEnabled(False)
        self.words.setText("Ending…")


class SummaryPage(QWidget):
    """What became of it, by name."""

    def __init__(self) -> None:
        super().__init__()
        self.heading, self.text, self.said = Heading(""), QTextBrowser(), DimLine()
        self.heading.setWordWrap(True)
        self.text.setAccessibleName("Summary")
        self.open_button = button("Open folder", "Shows what was written in the file manager")
        self.back_button, self.close_button = button("Back", "To the options"), button("Close", "")
        buttons = row(self.open_button, self.back_button, None, self.close_button, spacing=SPACE)
        column(self.heading, (self.text, 1), self.said, buttons, owner=self, spacing=SPACE)

    def say(self, text: str) -> None:
        """A line below the summary."""
        self.said.say(text)

    def show_report(self, report: Summary, out: Path, settings: ExportSettings) -> None:
        """out: the folder that was written to."""
        self.say("")
        done = counted(report.files, "file")
        if report.error is not None:
            title = "It has ended early" if report.files else "Nothing was done"
        elif report.stopped:
            title = f"Cancelled; {done} done before"
        elif report.failed and not report.files:
            title = "Nothing could be done"
        else:
            title = f"Done: {done}, {counted(report.faces, 'face')}"
        self.heading.setText(title)
        paragraphs = [] if report.error is None else [html.escape(report.error)]
        if report.files:
            written = f"{report.copies:,} cop{'y' if report.copies == 1 else 'ies'}" if report.copies else ""
            lists = " and ".join(name for name, on in (("JSON lines", settings.json), ("CSV", settings.csv)) if on)
            what = " and ".join(part for part in (written, lists) if part)
            paragraphs.append(html.escape(f"{what} in {out}" if what else "Nothing was written."))
        told = {"Could not be done": [*report.failed, *report.skipped.values()], **report.told}
        for heading, names in told.items():
            if names:
                more = [f"and {len(names) - _MOST_NAMES:,} more"] if len(names) > _MOST_NAMES else []
                rows = "<br>".join(html.escape(name) for name in [*names[:_MOST_NAMES], *more])
                paragraphs.append(f"<b>{heading} ({len(names):,})</b><br>{rows}")
        self.text.setHtml("".join(f"<p>{paragraph}</p>" for paragraph in paragraphs))
        self.open_button.setEnabled(out.is_dir())
        self.open_button.setDefault(True)
