"""The fold "Detection": at which size, how often and on which core faces are looked for, and ready-made choices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal

from facecam.detection.model import DEFAULT_MODEL
from facecam.detection.options import DetectorOptions
from facecam.qtkit.fields import Control, Row, SliderField, button, combo, keep, show_value, spin
from facecam.qtkit.folds import Section
from facecam.qtkit.settings import Remembered
from facecam.runtimes.engine import Precision
from facecam.system.cpu import available_cores, can_pin
from facecam.system.resources import shipped_models
from facecam.ui.live.session import LiveSession
from facecam.ui.live.settings import (
    EVERY_RANGE,
    HOLD_RANGE_HZ,
    MIN_FACE_RANGE_PX,
    NMS_RANGE,
    PRECISIONS,
    SIZE_NAMES,
    InputSize,
    LiveSettings,
)

_CUSTOM = "custom"
_PRECISIONS = {"Fastest": Precision.AUTO.value, "Exact": Precision.F32.value}
_DEFAULTS = {name: getattr(LiveSettings(), name) for name in ("nms", "size", "min_face_px", "every")}
PRESETS: dict[str, dict[str, Any]] = {
    "Balanced": {},
    "Small faces": {"size": InputSize.NATIVE},
    "Fast": {"size": InputSize.QVGA},
    "Saving power": {"size": InputSize.QVGA, "every": 3},
    "Steady 30/s": {"size": InputSize.AUTOMATIC, "hold_hz": 30},
}
"""Name: what differs from the defaults, as of LiveSettings. The threshold and the core are left as they are."""


class DetectionSection(Section):
    """Sets the detection's options; remembered between starts. A core given on the command line goes before."""

    key = "detection"
    title = "Detection"
    help = "Network, precision, input size, smallest face, how often, on which core; presets"

    threshold_reset = Signal()
    """The threshold is to be the model's own again."""
    network_chosen = Signal(str, str)
    """Faces are to be looked for by that model, a shipped one's name or the file of the command line, and in that
    precision, of FaceDetector."""

    def __init__(self, session: LiveSession, remembered: Remembered[LiveSettings], options: DetectorOptions) -> None:
        """options: what the session's detector was made with."""
        super().__init__()
        self._session, self._remembered = session, remembered
        self._network = str(options.model or DEFAULT_MODEL)
        self._precision = (options.precision or Precision.AUTO).value
        self._given_core = session.options.core
        self._make_fields()
        self._lay_out()
        core = remembered.value.core if self._given_core is None else self._given_core
        show_value(self.core, core if core in available_cores() else None)
        self._connect()
        self._apply()

    def _make_fields(self) -> None:
        self.preset = combo(*((name, name) for name in PRESETS), ("Custom", _CUSTOM))
        names = shipped_models()
        others = [] if self._network in names else [(Path(self._network).name, self._network)]
        self.network = combo(*((name, name) for name in names), *others)
        show_value(self.network, self._network)
        given = [] if self._precision in _PRECISIONS.values() else [(self._precision, self._precision)]
        self.precision = combo(*_PRECISIONS.items(), *given)
        show_value(self.precision, self._precision)
        self.input_size = combo(*SIZE_NAMES, ("Automatic", InputSize.AUTOMATIC))
        self.hold = spin(*HOLD_RANGE_HZ, " per second")
        self.min_face = spin(*MIN_FACE_RANGE_PX, " px")
        self.min_face.setSpecialValueText("any")
        self.min_face.setSingleStep(10)
        self.every = spin(*EVERY_RANGE)
        self.every.setSpecialValueText("each frame")
        self.every.setPrefix("one in ")
        self.nms = SliderField(
            "Overlap (NMS)",
            *NMS_RANGE,
            0.05,
            "{:.2f}".format,
            "Of two boxes that overlap by more than this share, the weaker one goes",
        )
        self.core = combo(("Automatic", None), *((f"Core {core}", core) for core in available_cores()))
        self.core.setEnabled(can_pin())
        self.reset = button("Reset", "Threshold, size and all of this as they were at the first start", self._reset)
        self._kept: dict[str, Control] = {
            "nms": self.nms,
            "size": self.input_size,
            "hold_hz": self.hold,
            "min_face_px": self.min_face,
            "every": self.every,
        }

    def _lay_out(self) -> None:
        size_help = (
            "Larger pictures are scaled down to this size before faces are looked for.\n"
            "Larger finds smaller faces, smaller is faster."
        )
        hold_help = "So many detections a second are held by going down to a smaller size where need be"
        every_help = (
            "Faces are looked for in each so many-th picture only, and carried on in the others.\n"
            "Where privacy is on, they are looked for in each."
        )
        core_help = "The one core that detects" if can_pin() else "This system does not let a program choose its core"
        self.hold_row = Row("Hold", self.hold, hold_help)
        network_help = (
            "What looks for faces: faceboxes is the paper's network, faceboxes-s8 also finds small faces and\n"
            "errs less on photos of all kinds"
        )
        precision_help = (
            "Exact: 32-bit floating point. Fastest: also int8 or bfloat16, where this processor is faster in them;\n"
            "as accurate on average, but scores differ in the second digit. It takes a second or two to find out."
        )
        self.precision_row = Row("Precision", self.precision, precision_help)
        self.lay_out(
            Row("Network", self.network, network_help),
            self.precision_row,
            Row("Preset", self.preset, "Ready-made choices for all of this"),
            Row("Input size", self.input_size, size_help),
            self.hold_row,
            Row("Smallest face", self.min_face, "Smaller faces are not shown; longer side, source pixels"),
            Row("Search", self.every, every_help),
            Row("CPU core", self.core, core_help),
            self.nms,
            self.reset,
        )

    def _connect(self) -> None:
        self.network.activated.connect(self._network_activated)
        self.precision.activated.connect(self._network_activated)
        self.preset.activated.connect(self._preset_chosen)
        self.core.currentIndexChanged.connect(self._core_chosen)
        for name, control in self._kept.items():
            keep(control, self._remembered, name, self._apply)

    # -- between fields and options

    def _change(self, **changes: Any) -> None:
        """Lets these settings hold, and shows them."""
        self._remembered.change(**changes)
        for name, control in self._kept.items():
            show_value(control, getattr(self._remembered.value, name))
        self._apply()

    def _apply(self) -> None:
        chosen = self._remembered.value
        automatic = chosen.size is InputSize.AUTOMATIC
        self.hold_row.setVisible(automatic)
        now = vars(chosen)
        fitting = (name for name, own in PRESETS.items() if now == now | _DEFAULTS | own)
        show_value(self.preset, next(fitting, _CUSTOM))
        self._session.change_options(
            nms=chosen.nms,
            size=chosen.size.pixels,
            hold_hz=float(chosen.hold_hz) if automatic else None,
            min_face_px=chosen.min_face_px,
            every=chosen.every,
            core=self.core.currentData(),
        )

    def _core_chosen(self) -> None:
        if self._given_core is None:
            self._remembered.change(core=self.core.currentData())
        self._apply()

    def _preset_chosen(self) -> None:
        own = PRESETS.get(self.preset.currentData())
        self._change(**({} if own is None else _DEFAULTS | own))

    def _network_activated(self) -> None:
        self._use(self.network.currentData(), self.precision.currentData())

    def _use(self, network: str, precision: str) -> None:
        if (network, precision) == (self._network, self._precision):
            return
        self._network, self._precision = network, precision
        show_value(self.network, network)
        show_value(self.precision, precision)
        self._remembered.change(
            network=network if network in shipped_models() else "",
            precision=Precision(precision) if precision in PRECISIONS else Precision.AUTO,
        )
        self.network_chosen.emit(network, precision)

    def _reset(self) -> None:
        self._use(DEFAULT_MODEL, Precision.AUTO.value)
        self._change(**_DEFAULTS)
        self.core.setCurrentIndex(0)
        self.threshold_reset.emit()
