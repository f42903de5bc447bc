"""The fold "Tracking": numbers for faces, and how much their boxes are smoothed."""

from __future__ import annotations

from facecam.qtkit.fields import SliderField, check, keep
from facecam.qtkit.folds import Section
from facecam.qtkit.settings import Remembered
from facecam.ui.live.session import LiveSession
from facecam.ui.live.settings import SMOOTHING_RANGE, LiveSettings


class TrackingSection(Section):
    """Switches tracking and sets its smoothing; remembered between starts."""

    key = "tracking"
    title = "Tracking"
    help = "Faces keep a number and a colour; boxes come to rest and don’t flicker"

    def __init__(self, session: LiveSession, remembered: Remembered[LiveSettings]) -> None:
        super().__init__()
        self._session, self._remembered = session, remembered
        self.on = check(
            "Follow faces",
            "Each face keeps a number and a colour. Boxes that flicker for a frame or two are left out,\n"
            "and a face that is lost for a moment stays. A doubtful face is shown two frames later.",
        )
        self.smoothing = SliderField(
            "Smoothing",
            *SMOOTHING_RANGE,
            0.5,
            _words,
            "How calm the boxes are. The figure is how many frames a box may lag behind a slow motion;\n"
            "behind a fast one it lags less.",
        )
        self.lay_out(self.on, self.smoothing)
        keep(self.on, remembered, "tracking", self._apply)
        keep(self.smoothing, remembered, "smoothing", self._apply)
        self._apply()

    def _apply(self) -> None:
        self.smoothing.setEnabled(self.on.isChecked())
        self._session.change_options(tracking=self._remembered.value.tracking_options)


def _words(frames: float) -> str:
    return "off" if frames == 0 else f"{frames:g} frame{'s' if frames > 1 else ''}"
