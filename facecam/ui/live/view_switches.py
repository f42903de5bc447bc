"""ViewSwitches: mirror and scores, between their switches, the settings and the picture."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSignalBlocker

from facecam.qtkit.settings import Settings
from facecam.ui.live.controls import LiveControls
from facecam.ui.live.picture import PictureView
from facecam.ui.live.session import LiveSession


class ViewSwitches(QObject):
    """Cameras have a mirror setting of their own: people expect them to behave as mirrors, and a clip not to."""

    def __init__(
        self, session: LiveSession, settings: Settings, controls: LiveControls, picture: PictureView, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._settings, self._controls, self._picture = session, settings, controls, picture
        controls.scores.setChecked(settings.flag("live/scores", True))
        picture.set_all_scores(controls.scores.isChecked())
        self.take_mirror()
        controls.mirror_changed.connect(self._mirror_switched)
        controls.scores_changed.connect(self._scores_switched)

    def take_mirror(self) -> None:
        """As is usual, or was chosen, for the kind of source that is open now."""
        on = self._settings.flag(self._mirror_key(), self._session.is_camera)
        with QSignalBlocker(self._controls):  # it is not the user who switches; the menu has to follow, though
            self._controls.mirror.setChecked(on)
        self._picture.set_mirror(on)

    def _mirror_key(self) -> str:
        return "live/mirror-camera" if self._session.is_camera else "live/mirror"

    def _mirror_switched(self, on: bool) -> None:
        self._picture.set_mirror(on)
        self._settings.put(self._mirror_key(), on)

    def _scores_switched(self, on: bool) -> None:
        self._picture.set_all_scores(on)
        self._settings.put("live/scores", on)
