"""The fold "Privacy": how faces are hidden, in the picture and in all that is saved of it."""

from __future__ import annotations

from PySide6.QtGui import QAction

from facecam.faces.privacy import HOLD_RANGE_S, LEAST_RANGE_HZ, PADDING_RANGE, Hiding
from facecam.qtkit.commands import switch_command
from facecam.qtkit.fields import Row, SliderField, check, combo, keep
from facecam.qtkit.folds import Section
from facecam.qtkit.settings import Remembered
from facecam.qtkit.wording import percent
from facecam.ui.live.session import LiveSession
from facecam.ui.live.settings import LiveSettings

_WAYS = {Hiding.BLUR: "Blur", Hiding.PIXELATE: "Pixelate", Hiding.COVER: "Cover"}


class PrivacySection(Section):
    """Sets how faces are hidden; remembered between starts. on: the switch, for the column's upper part."""

    key = "privacy"
    title = "Privacy"
    help = "How faces are hidden in the picture, in snapshots and in recordings"

    def __init__(self, session: LiveSession, remembered: Remembered[LiveSettings]) -> None:
        super().__init__()
        self._session, self._remembered = session, remembered
        self.on = check(
            "Privacy",
            "Hides the faces, here and wherever the picture goes: snapshots, recordings, the virtual camera (P).\n"
            "Also doubtful ones, and those that the border cuts; but a face that the detector does not see at all\n"
            "stays visible.",
        )
        self.how = combo(*((text, way.value) for way, text in _WAYS.items()))
        self.padding = SliderField(
            "Padding", *PADDING_RANGE, 0.05, percent, "What is hidden around a face, in shares of its size"
        )
        self.hold = SliderField(
            "Hide lost faces for",
            *HOLD_RANGE_S,
            0.1,
            "{:.1f} s".format,
            "When the detector loses a face, its place stays hidden that long and moves on in its direction",
        )
        self.unsure = check(
            "Everything while unsure",
            "Hides the whole picture until faces are being looked for, when the source is in trouble,\n"
            "and while fewer pictures a second are searched than is set below",
        )
        self.least = SliderField(
            "Unsure below", *LEAST_RANGE_HZ, 1.0, "{:.0f} det/s".format, "Pictures a second that have to be searched"
        )
        self.lay_out(
            Row("Faces", self.how, "Nothing finer than a few mean colours remains of a face"),
            self.padding,
            self.hold,
            self.unsure,
            self.least,
        )
        keep(self.on, remembered, "privacy", self._apply)
        keep(self.how, remembered, "privacy_how", self._apply)
        keep(self.padding, remembered, "privacy_padding", self._apply)
        keep(self.hold, remembered, "privacy_hold_s", self._apply)
        keep(self.unsure, remembered, "privacy_unsure", self._apply)
        keep(self.least, remembered, "privacy_least_hz", self._apply)
        self._apply()

    def commands(self) -> list[QAction]:
        return [switch_command(self, "Hide faces", ["P"], self.on)]

    def _apply(self) -> None:
        self.least.setEnabled(self.unsure.isChecked())
        self._session.change_options(privacy=self._remembered.value.privacy_options)
