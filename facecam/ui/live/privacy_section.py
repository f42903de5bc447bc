"""The fold "Privacy": how faces are hidden, in the picture and in all that is saved of it."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QVBoxLayout

from facecam.faces.privacy import HOLD_RANGE_S, PADDING_RANGE, Hiding, PrivacyOptions
from facecam.qtkit.commands import switch_command
from facecam.qtkit.fields import Row, SliderField, combo, show_data
from facecam.qtkit.folds import Section
from facecam.qtkit.settings import Settings
from facecam.qtkit.theme import SPACE
from facecam.ui.live.session import LiveSession

_WAYS = {Hiding.BLUR: "Blur", Hiding.PIXELATE: "Pixelate", Hiding.COVER: "Cover"}


class PrivacySection(Section):
    """Sets how faces are hidden; remembered between starts. on: the switch, for the column's upper part."""

    key = "privacy"
    title = "Privacy"
    help = "How faces are hidden in the picture, in snapshots and in recordings"

    def __init__(self, session: LiveSession, settings: Settings) -> None:
        super().__init__()
        self._session, self._settings = session, settings
        default = PrivacyOptions()
        self.on = QCheckBox("Privacy")
        self.on.setToolTip(
            "Hides the faces, here and in all that is saved: snapshots and recordings (P).\n"
            "Also doubtful ones; but a face that the detector does not see at all stays visible."
        )
        self.how = combo(*((text, way.value) for way, text in _WAYS.items()))
        self.padding = SliderField(
            "Padding", *PADDING_RANGE, 0.05, "{:.0%}".format, "What is hidden around a face, in shares of its size"
        )
        self.hold = SliderField(
            "Hide lost faces for",
            *HOLD_RANGE_S,
            0.1,
            "{:.1f} s".format,
            "When the detector loses a face, its place stays hidden that long and moves on in its direction",
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE, 0, 0, SPACE)
        layout.setSpacing(SPACE)
        layout.addWidget(Row("Faces", self.how, "Nothing finer than a few mean colours remains of a face"))
        layout.addWidget(self.padding)
        layout.addWidget(self.hold)
        self.on.setChecked(settings.flag("live/privacy", False))
        show_data(self.how, settings.text("live/privacy-how", default.how.value))
        padding = settings.number("live/privacy-padding", None, *PADDING_RANGE)
        self.padding.show_value(default.padding if padding is None else padding)
        hold_s = settings.number("live/privacy-hold-s", None, *HOLD_RANGE_S)
        self.hold.show_value(default.hold_s if hold_s is None else hold_s)
        self.on.toggled.connect(self._changed)
        self.how.currentIndexChanged.connect(self._changed)
        self.padding.changed.connect(self._changed)
        self.hold.changed.connect(self._changed)
        self._apply()

    def commands(self) -> list[QAction]:
        return [switch_command(self, "Hide faces", ["P"], self.on)]

    def _changed(self) -> None:
        self._settings.put("live/privacy", self.on.isChecked())
        self._settings.put("live/privacy-how", self.how.currentData())
        self._settings.put("live/privacy-padding", self.padding.value)
        self._settings.put("live/privacy-hold-s", self.hold.value)
        self._apply()

    def _apply(self) -> None:
        options = PrivacyOptions(Hiding(self.how.currentData()), self.padding.value, self.hold.value)
        self._session.change_options(privacy=options if self.on.isChecked() else None)
