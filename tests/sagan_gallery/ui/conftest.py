"""Fixtures: the gallery's panel on tiny models."""

from __future__ import annotations

import pytest

from sagan_gallery.ui.panel import GalleryPanel
from tests.facecam.waiting import PATIENCE_S
from tests.sagan_gallery.ui.driving import settle


@pytest.fixture
def make_panel(qtbot):
    made = []

    def make(model, wait=True, **others):
        panel = GalleryPanel(model, **others)
        made.append(panel)
        qtbot.addWidget(panel)
        panel.resize(1100, 760)
        panel.show()
        panel.start()
        if wait:
            settle(qtbot, panel)
        return panel

    yield make
    for panel in made:
        assert panel.close_down(PATIENCE_S)


@pytest.fixture
def panel(make_panel, tiny_generator):
    return make_panel(tiny_generator)
