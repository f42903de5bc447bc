"""Fixtures: the gallery's panel on tiny models."""

from __future__ import annotations

import pytest

from facecam.qtkit.settings import Settings
from sagan_gallery.export import write_webp
from sagan_gallery.ui.controls import GalleryControls
from sagan_gallery.ui.panel import GalleryPanel
from sagan_gallery.ui.sample_stage import SampleStage
from tests.facecam.waiting import PATIENCE_S
from tests.sagan_gallery.ui.driving import settle


@pytest.fixture
def make_panel(qtbot):
    made = []

    def make(model, wait=True, pin_informative=False, settings=None, grab_frame=lambda: None):
        settings = settings or Settings()
        controls = GalleryControls(settings)
        panel = GalleryPanel(settings, controls, SampleStage(), grab_frame, write_webp, lambda: None)
        if model is not None:
            controls.show_model(model)
        made.append(panel)
        qtbot.addWidget(panel)
        panel.resize(1100, 760)
        panel.show()
        panel.start(pin_informative)
        if wait:
            settle(qtbot, panel)
        return panel

    yield make
    for panel in made:
        assert panel.close_down(PATIENCE_S)


@pytest.fixture
def panel(make_panel, tiny_generator):
    return make_panel(tiny_generator)
