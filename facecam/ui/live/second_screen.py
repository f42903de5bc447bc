"""SecondScreen: the picture on the projector, while the controls stay before the presenter."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QScreen
from PySide6.QtWidgets import QBoxLayout, QWidget

from facecam.qtkit.layouts import column
from facecam.qtkit.stage import Action, StageMessage, StagePanel


class SecondScreen(QWidget):
    """A window that takes the first widget of a layout to another screen, which it fills, and brings it back: when it
    is asked to, when it is closed, and when that screen goes away. In its place a panel says where it is."""

    moved = Signal()
    """The widget is on another screen than before, or back."""

    def __init__(self, shown: QWidget, home: QBoxLayout, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint)
        self._shown, self._home = shown, home
        self._on: QScreen | None = None
        self._layout = column(owner=self)
        self.setWindowTitle("facecam")
        self.note = StagePanel(opaque=True)
        self.note.hide()
        home.insertWidget(1, self.note, 1)
        QGuiApplication.instance().screenRemoved.connect(self._screen_removed)  # type: ignore[union-attr]

    @property
    def is_on(self) -> bool:
        """Whether the widget is away."""
        return self._on is not None

    def go_on(self) -> bool:
        """Moves to the next screen that the presenter's window is not on, and from the last one back. False: there is
        none."""
        parent = self.parentWidget()
        assert parent is not None
        others = [screen for screen in QGuiApplication.screens() if screen is not parent.screen()]
        left = others[others.index(self._on) + 1 :] if self._on in others else others
        if left:
            self._go_to(left[0])
        else:
            self.come_back()
        return bool(others)

    def come_back(self) -> None:
        """Moves back to its place in the presenter's window."""
        if self._on is not None:
            self._on = None
            self._home.insertWidget(0, self._shown, 1)
            self.note.show_message(None)
            self.hide()
            self.moved.emit()

    def _go_to(self, screen: QScreen) -> None:
        self._on = screen
        self.hide()  # a window that fills a screen doesn't leave it
        back = Action("Bring it back", self.come_back, "Shows the picture in this window again (Esc)")
        self.note.show_message(StageMessage(f"The picture is on {screen.model() or screen.name()}", actions=(back,)))
        self._layout.addWidget(self._shown)
        self.setScreen(screen)
        self.setGeometry(screen.geometry())
        self.showFullScreen()
        self.moved.emit()

    def _screen_removed(self, screen: QScreen) -> None:
        if screen is self._on:
            self.come_back()

    def closeEvent(self, event: QCloseEvent) -> None:
        event.ignore()
        self.come_back()
