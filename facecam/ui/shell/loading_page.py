"""LoadingPage: stands in a tab's place until what the tab needs has been loaded."""

from __future__ import annotations

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QVBoxLayout, QWidget

from facecam.qtkit import theme
from facecam.qtkit.stage import StageMessage, StagePanel


class LoadingPage(QWidget):
    """The dark stage with one sentence."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Window, theme.STAGE)
        self.setPalette(palette)
        self.setAutoFillBackground(True)
        self._panel = StagePanel()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._panel)
        self._panel.show_message(StageMessage(f"Loading the {title.lower()}…"), over_picture=True)

    @property
    def text(self) -> str:
        """What it says."""
        message = self._panel.message
        return "" if message is None else message.title
