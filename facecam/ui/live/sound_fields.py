"""What is heard in recordings: the source's own sound, and a microphone; fields of the fold "Recording"."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from facecam.errors import SourceError
from facecam.qtkit.fields import Row, check, combo, fill, keep
from facecam.qtkit.layouts import column
from facecam.qtkit.settings import Remembered
from facecam.qtkit.theme import SPACE
from facecam.qtkit.widgets import Note
from facecam.qtkit.worker import Asker
from facecam.sources.microphone import SYSTEM_MICROPHONE, list_microphones, load_miniaudio
from facecam.ui.live.session import LiveSession
from facecam.ui.live.settings import LiveSettings

VOICES = "Voices tell who somebody is; privacy hides faces only."


class SoundFields(QWidget):
    """Remembered between starts. Microphones are looked for when the fields come into view, and none is opened."""

    def __init__(self, session: LiveSession, remembered: Remembered[LiveSettings]) -> None:
        super().__init__()
        self._session, self._remembered = session, remembered
        self._failure = ""
        source_help = "Of a file or a stream that has any. While a file is paused nothing is recorded."
        self.source = check("Sound of the source", source_help)
        self.microphone = combo()
        self.note = Note("About the sound")
        microphone = Row("Microphone", self.microphone, "Is heard in recordings, and open only while one is made")
        column(self.source, microphone, self.note, owner=self, spacing=SPACE)
        self._fill([])
        with suppress(SourceError):  # reported when they are listed
            load_miniaudio()  # now, as later a picture would wait for it
        keep(self.source, remembered, "record_sound", self.refresh)
        keep(self.microphone, remembered, "microphone", self.refresh)
        session.options_changed.connect(self.refresh)
        self._asker = Asker("facecam-microphones", self)
        self._asker.answered.connect(self._found)
        self._asker.failed.connect(partial(self._found, []))

    def refresh(self) -> None:
        """What is to be said about the choice."""
        chosen, view = self._remembered.value, self._session.latest()
        heard = bool(chosen.microphone) or (chosen.record_sound and view is not None and view.frame.sound is not None)
        voices = VOICES if heard and self._session.options.privacy is not None else ""
        self.note.say((self._failure if chosen.microphone else "") or voices)

    def showEvent(self, event: QShowEvent) -> None:
        self._asker.ask(list_microphones)

    def _found(self, names: Sequence[str], failure: str = "") -> None:
        self._failure = failure
        self._fill(names)
        self.refresh()

    def _fill(self, names: Sequence[str]) -> None:
        chosen = self._remembered.value.microphone
        listed = dict.fromkeys(["", SYSTEM_MICROPHONE, *names, chosen])  # one that was pulled out stays in sight
        words = {"": "None", SYSTEM_MICROPHONE: "The system’s"}
        fill(self.microphone, [(words.get(name, name), name) for name in listed], chosen)
