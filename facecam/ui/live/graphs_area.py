"""GraphsArea: the place of the graphs below the picture, and the switch for them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from facecam.live.history import History
from facecam.live.pipeline import Phase
from facecam.qtkit.commands import switch_command
from facecam.qtkit.fields import check
from facecam.qtkit.layouts import column
from facecam.qtkit.settings import Remembered
from facecam.ui.live.session import LiveSession
from facecam.ui.live.settings import LiveSettings

if TYPE_CHECKING:
    from facecam.ui.live.graphs import GraphPanel


_USUAL_FROM_PX = 700
"""Height of a screen that graphs of the usual size can be read on from afar."""


class GraphsArea(QWidget):
    """Keeps the last minute whether the graphs show or not; what draws them is loaded when they are first shown.

    on: the switch, for the control column.
    """

    def __init__(self, session: LiveSession, remembered: Remembered[LiveSettings]) -> None:
        super().__init__()
        self._session, self._remembered = session, remembered
        self.history = History()
        self._remembers, self._scale = True, 1.0
        self.on = check("Graphs", "Rates, latencies, faces and drops of the last minute, below the picture (G)")
        self.on.setChecked(remembered.value.graphs)
        self.on.toggled.connect(self._switched)
        self.panel: GraphPanel | None = None
        self._layout = column(owner=self)
        self.hide()
        self._show()

    def commands(self) -> list[QAction]:
        return [switch_command(self, "Graphs", ["G"], self.on)]

    def set_full_screen(self, on: bool) -> None:
        """Full screen begins without graphs, which can be had there too, larger; after it they are as before."""
        self._remembers = not on
        self._scale = max(1.0, self.screen().size().height() / _USUAL_FROM_PX) if on else 1.0
        self.on.setChecked(not on and self._remembered.value.graphs)
        self._show()

    def refresh(self) -> None:
        """Takes the figures of this moment; called about twice a second while pictures come."""
        now_s = time.perf_counter()
        if self._session.phase is Phase.RUNNING and not self._session.state.still:
            self.history.add(now_s, self._session.stats())
        else:
            self.history.gap(now_s)
        self._draw()

    def _switched(self, on: bool) -> None:
        if self._remembers:
            self._remembered.change(graphs=on)
        self._show()

    def _show(self) -> None:
        wanted = self.on.isChecked()
        if wanted and self.panel is None:
            from facecam.ui.live.graphs import GraphPanel  # a third of a second, for those who want graphs

            self.panel = GraphPanel(self.history)
            self._layout.addWidget(self.panel)
        if self.panel is not None:
            self.panel.set_scale(self._scale)
        self.setVisible(wanted)
        self._draw()

    def _draw(self) -> None:
        if self.panel is not None:
            self.panel.draw()
