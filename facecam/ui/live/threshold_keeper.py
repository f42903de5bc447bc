"""ThresholdKeeper: the threshold between its slider, the settings, the session, and the model that brings its own."""

from __future__ import annotations

from PySide6.QtCore import QObject

from facecam.qtkit.settings import Settings
from facecam.ui.live.controls import THRESHOLD_RANGE, LiveControls
from facecam.ui.live.session import LiveSession

_KEY = "live/threshold"
_UNTIL_KNOWN = 0.5
"""What the slider shows before the model has said its own."""


class ThresholdKeeper(QObject):
    """given: of the command line, goes before the one that is remembered; without either it is the model's own."""

    def __init__(
        self, session: LiveSession, settings: Settings, controls: LiveControls, given: float | None, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._settings, self._controls = session, settings, controls
        wished = self._remembered() if given is None else given
        self._known = wished is not None
        if wished is not None:
            session.change_options(threshold=wished)
        controls.set_threshold(_UNTIL_KNOWN if wished is None else wished)
        controls.threshold_changed.connect(self._moved)

    def refresh(self) -> None:
        """Shows the model's own as soon as it is loaded."""
        threshold = self._session.options.threshold
        if threshold is not None and not self._known:
            self._known = True
            self._controls.set_threshold(threshold)

    def reset(self) -> None:
        """The model's own again, also at the next start."""
        own = self._session.own_threshold
        self._settings.put(_KEY, "")
        self._known = own is not None
        self._session.change_options(threshold=own)
        if own is not None:
            self._controls.set_threshold(own)

    def another_network(self) -> None:
        """Each network has its own, which holds unless the user has chosen one."""
        if self._remembered() is None:
            self._known = False
            self._session.change_options(threshold=None)

    def _remembered(self) -> float | None:
        return self._settings.number(_KEY, None, *THRESHOLD_RANGE)

    def _moved(self, value: float) -> None:
        self._known = True
        self._session.change_options(threshold=value)
        self._settings.put(_KEY, value)
