"""The fold "Detection": at which size, how often and on which core faces are looked for, and ready-made choices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout

from facecam.detection.model import DEFAULT_MODEL
from facecam.detection.options import DetectorOptions
from facecam.faces.boxes import NMS_IOU
from facecam.live.options import NATIVE, LiveOptions, Size
from facecam.qtkit.fields import Row, SliderField, combo, show_data, spin
from facecam.qtkit.folds import Section
from facecam.qtkit.settings import Settings
from facecam.qtkit.theme import SPACE
from facecam.runtimes.engine import Precision
from facecam.system.cpu import available_cores, can_pin
from facecam.system.resources import shipped_models
from facecam.ui.live.session import LiveSession

NETWORK_KEY = "live/network"
PRECISION_KEY = "live/precision"
NMS_RANGE = (0.05, 0.95)
EVERY_RANGE = (1, 30)
MIN_FACE_RANGE_PX = (0, 1000)
HOLD_RANGE_HZ = (1, 240)

_AUTOMATIC, _ANY_CORE, _CUSTOM = "auto", -1, "custom"
_SIZES: dict[str, Size | None] = {"native": NATIVE, "640x480": (640, 480), "320x240": (320, 240)}
_DEFAULTS: dict[str, Any] = {"nms": NMS_IOU, "size": (640, 480), "hold_hz": None, "min_face_px": 0, "every": 1}
_PRECISIONS = {"Fastest": Precision.AUTO.value, "Exact": Precision.F32.value}
PRESETS: dict[str, dict[str, Any]] = {
    "Balanced": {},
    "Small faces": {"size": NATIVE},
    "Fast": {"size": (320, 240)},
    "Saving power": {"size": (320, 240), "every": 3},
    "Steady 30/s": {"hold_hz": 30.0},
}
"""Name: what differs from the defaults. The threshold and the core are left as they are."""


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

    def __init__(self, session: LiveSession, settings: Settings, options: DetectorOptions) -> None:
        """options: what the session's detector was made with."""
        super().__init__()
        self._session, self._settings = session, settings
        self._network = str(options.model or DEFAULT_MODEL)
        self._precision = (options.precision or Precision.AUTO).value
        self._core_given = session.options.core is not None
        self._make_fields()
        self._lay_out()
        self._take(self._remembered())
        self._connect()

    def _make_fields(self) -> None:
        self.preset = combo(*((name, name) for name in PRESETS), ("Custom", _CUSTOM))
        names = shipped_models()
        others = [] if self._network in names else [(Path(self._network).name, self._network)]
        self.network = combo(*((name, name) for name in names), *others)
        show_data(self.network, self._network)
        given = [] if self._precision in _PRECISIONS.values() else [(self._precision, self._precision)]
        self.precision = combo(*_PRECISIONS.items(), *given)
        show_data(self.precision, self._precision)
        self.input_size = combo(
            ("As it comes", "native"), ("640 × 480", "640x480"), ("320 × 240", "320x240"), ("Automatic", _AUTOMATIC)
        )
        self.hold = spin(*HOLD_RANGE_HZ, " per second")
        self.hold.setValue(30)
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
        self.core = combo(("Automatic", _ANY_CORE), *((f"Core {core}", core) for core in available_cores()))
        self.core.setEnabled(can_pin())
        self.reset = QPushButton("Reset")
        self.reset.setToolTip("Threshold, size and all of this as they were at the first start")

    def _lay_out(self) -> None:
        size_help = (
            "Larger pictures are scaled down to this size before faces are looked for.\n"
            "Larger finds smaller faces, smaller is faster."
        )
        hold_help = "So many detections a second are held by going down to a smaller size where need be"
        every_help = "Faces are looked for in each so many-th picture only, and carried on in the others"
        core_help = "The one core that detects" if can_pin() else "This system does not let a program choose its core"
        self.hold_row = Row("Hold", self.hold, hold_help)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE, 0, 0, SPACE)
        layout.setSpacing(SPACE)
        network_help = "What looks for faces: faceboxes is the paper's network, faceboxes-s16 also finds small faces"
        layout.addWidget(Row("Network", self.network, network_help))
        precision_help = (
            "Exact: 32-bit floating point. Fastest: also int8 or bfloat16, where this processor is faster in them;\n"
            "as accurate on average, but scores differ in the second digit. It takes a second or two to find out."
        )
        self.precision_row = Row("Precision", self.precision, precision_help)
        layout.addWidget(self.precision_row)
        layout.addWidget(Row("Preset", self.preset, "Ready-made choices for all of this"))
        layout.addWidget(Row("Input size", self.input_size, size_help))
        layout.addWidget(self.hold_row)
        layout.addWidget(Row("Smallest face", self.min_face, "Smaller faces are not shown; longer side, source pixels"))
        layout.addWidget(Row("Search", self.every, every_help))
        layout.addWidget(Row("CPU core", self.core, core_help))
        layout.addWidget(self.nms)
        layout.addWidget(self.reset)

    def _connect(self) -> None:
        self.network.activated.connect(self._network_activated)
        self.precision.activated.connect(self._network_activated)
        self.preset.activated.connect(self._preset_chosen)
        for box in (self.input_size, self.core):
            box.currentIndexChanged.connect(self._changed)
        for number in (self.hold, self.min_face, self.every):
            number.valueChanged.connect(self._changed)
        self.nms.changed.connect(self._changed)
        self.reset.clicked.connect(self._reset)

    # -- between fields and options

    def _options(self) -> dict[str, Any]:
        size = self.input_size.currentData()
        core = self.core.currentData()
        return {
            "nms": self.nms.value,
            "size": _SIZES.get(size, (640, 480)),
            "hold_hz": float(self.hold.value()) if size == _AUTOMATIC else None,
            "min_face_px": self.min_face.value(),
            "every": self.every.value(),
            "core": None if core == _ANY_CORE else core,
        }

    def _take(self, options: dict[str, Any]) -> None:
        """Shows these options and lets them hold."""
        fields = (self.input_size, self.hold, self.min_face, self.every, self.nms, self.core)
        before = [field.blockSignals(True) for field in fields]
        automatic = options["hold_hz"] is not None
        show_data(self.input_size, _AUTOMATIC if automatic else _size_key(options["size"]))
        if automatic:
            self.hold.setValue(round(options["hold_hz"]))
        self.min_face.setValue(options["min_face_px"])
        self.every.setValue(options["every"])
        self.nms.show_value(options["nms"])
        show_data(self.core, _ANY_CORE if options["core"] is None else options["core"])
        for field, blocked in zip(fields, before, strict=True):
            field.blockSignals(blocked)
        self._apply()

    def _apply(self) -> None:
        options = self._options()
        self.hold_row.setVisible(options["hold_hz"] is not None)
        name = next((name for name, own in PRESETS.items() if _same(options, {**_DEFAULTS, **own})), _CUSTOM)
        show_data(self.preset, name)
        self._session.change_options(**options)

    def _changed(self) -> None:
        self._apply()
        self._remember()

    def _preset_chosen(self) -> None:
        own = PRESETS.get(self.preset.currentData())
        if own is not None:
            self._take({**_DEFAULTS, **own, "core": self._options()["core"]})
            self._remember()
        self._apply()

    def _network_activated(self) -> None:
        self._use(self.network.currentData(), self.precision.currentData())

    def _use(self, network: str, precision: str) -> None:
        if (network, precision) == (self._network, self._precision):
            return
        self._network, self._precision = network, precision
        show_data(self.network, network)
        show_data(self.precision, precision)
        self._settings.put(NETWORK_KEY, network if network in shipped_models() else "")
        self._settings.put(PRECISION_KEY, precision if precision in _PRECISIONS.values() else Precision.AUTO.value)
        self.network_chosen.emit(network, precision)

    def _reset(self) -> None:
        self._use(DEFAULT_MODEL, Precision.AUTO.value)
        self._take({**_DEFAULTS, "core": None})
        self._remember()
        self.threshold_reset.emit()

    # -- between starts

    def _remember(self) -> None:
        put = self._settings.put
        put("live/size", self.input_size.currentData())
        put("live/hold-hz", self.hold.value())
        put("live/min-face-px", self.min_face.value())
        put("live/every", self.every.value())
        put("live/nms", self.nms.value)
        if not self._core_given:
            put("live/core", self.core.currentData())

    def _remembered(self) -> dict[str, Any]:
        defaults = LiveOptions()
        size = self._settings.text("live/size", "640x480")
        self.hold.setValue(self._whole("live/hold-hz", 30, HOLD_RANGE_HZ))
        core = self._whole("live/core", _ANY_CORE, (_ANY_CORE, 10_000))
        given = self._session.options.core
        return {
            "nms": self._settings.number("live/nms", defaults.nms, *NMS_RANGE),
            "size": _SIZES.get(size, (640, 480)),
            "hold_hz": float(self.hold.value()) if size == _AUTOMATIC else None,
            "min_face_px": self._whole("live/min-face-px", 0, MIN_FACE_RANGE_PX),
            "every": self._whole("live/every", 1, EVERY_RANGE),
            "core": given if given is not None else (core if core in available_cores() else None),
        }

    def _whole(self, key: str, default: int, allowed: tuple[int, int]) -> int:
        number = self._settings.number(key, default, *allowed)
        return default if number is None else round(number)


def remembered_precision(settings: Settings) -> Precision:
    """The precision that was chosen before, the fastest one at the first start: it is as accurate, and leaves more of
    the machine to others."""
    text = settings.text(PRECISION_KEY, Precision.AUTO.value)
    return Precision(text) if text in _PRECISIONS.values() else Precision.AUTO


def _size_key(size: Size | None) -> str:
    return next((key for key, value in _SIZES.items() if value == size), "640x480")


def _same(options: dict[str, Any], preset: dict[str, Any]) -> bool:
    """Whether the options are those of the preset; with an automatic size the fixed one does not count."""
    ignored = {"core", "size"} if preset["hold_hz"] is not None else {"core"}
    return all(options[name] == value for name, value in preset.items() if name not in ignored)
