"""LiveSettings: all that the Live tab remembers between starts, in one value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from facecam.detection.model import DEFAULT_MODEL
from facecam.detection.options import DetectorOptions
from facecam.faces.privacy import HOLD_RANGE_S, LEAST_RANGE_HZ, PADDING_RANGE, Hiding, PrivacyOptions
from facecam.faces.tracking import TrackingOptions
from facecam.live.options import NATIVE, Size
from facecam.qtkit.settings import Key
from facecam.runtimes.engine import Precision
from facecam.saving.recording import VIDEO_FORMATS
from facecam.system.resources import shipped_models

THRESHOLD_RANGE = (0.01, 0.99)
NMS_RANGE = (0.05, 0.95)
EVERY_RANGE = (1, 30)
MIN_FACE_RANGE_PX = (0, 1000)
HOLD_RANGE_HZ = (1, 240)
SMOOTHING_RANGE = (0.0, 4.0)
PRECISIONS = (Precision.AUTO, Precision.F32)


class InputSize(StrEnum):
    """What larger frames are scaled down to before faces are looked for."""

    NATIVE = "native"
    VGA = "640x480"
    QVGA = "320x240"
    AUTOMATIC = "auto"

    @property
    def pixels(self) -> Size | None:
        """(width, height); the first one that is tried, where it is chosen automatically."""
        return {InputSize.NATIVE: NATIVE, InputSize.QVGA: (320, 240)}.get(self, (640, 480))


SIZE_NAMES = (("As it comes", InputSize.NATIVE), ("640 × 480", InputSize.VGA), ("320 × 240", InputSize.QVGA))
"""Those that are not automatic, in words."""
FIXED_SIZES = tuple(size for _, size in SIZE_NAMES)


@dataclass(frozen=True)
class LiveSettings:
    """threshold, compare_threshold: None: the model's own. network: a shipped model's name, empty: the usual one.
    hold_hz: so many detections a second, where the size is chosen automatically. core: None: a good one. mirror,
    mirror_camera: None: as is usual for the source. record_annotated: with boxes, snapshots too. record_lists: JSON
    lines and CSV beside a recording. record_sound: that of the source. microphone: heard in recordings, as of
    `Microphone`, empty for none. record_folder: of recordings and snapshots, None: the platform's places. folder,
    compare_folder: where the file dialogs start. source: as of
    `chooser.remembered_name`. The others are as of LiveOptions, TrackingOptions and PrivacyOptions.
    """

    threshold: Annotated[float | None, Key("live/threshold", THRESHOLD_RANGE)] = None
    network: Annotated[str, Key("live/network")] = ""
    precision: Annotated[Precision, Key("live/precision", PRECISIONS)] = Precision.AUTO
    size: Annotated[InputSize, Key("live/size")] = InputSize.VGA
    hold_hz: Annotated[int, Key("live/hold-hz", HOLD_RANGE_HZ)] = 30
    min_face_px: Annotated[int, Key("live/min-face-px", MIN_FACE_RANGE_PX)] = 0
    every: Annotated[int, Key("live/every", EVERY_RANGE)] = 1
    nms: Annotated[float, Key("live/nms", NMS_RANGE)] = DetectorOptions.nms
    core: Annotated[int | None, Key("live/core", (0, 10_000))] = None

    tracking: Annotated[bool, Key("live/tracking")] = True
    smoothing: Annotated[float, Key("live/smoothing", SMOOTHING_RANGE)] = TrackingOptions.smoothing

    privacy: Annotated[bool, Key("live/privacy")] = False
    privacy_how: Annotated[Hiding, Key("live/privacy-how")] = PrivacyOptions.how
    privacy_padding: Annotated[float, Key("live/privacy-padding", PADDING_RANGE)] = PrivacyOptions.padding
    privacy_unsure: Annotated[bool, Key("live/privacy-unsure")] = False
    privacy_least_hz: Annotated[float, Key("live/privacy-least-hz", LEAST_RANGE_HZ)] = 5.0
    privacy_hold_s: Annotated[float, Key("live/privacy-hold-s", HOLD_RANGE_S)] = PrivacyOptions.hold_s

    compare: Annotated[bool, Key("live/compare")] = False
    compare_model: Annotated[str, Key("live/compare-model")] = ""
    compare_size: Annotated[InputSize, Key("live/compare-size", FIXED_SIZES)] = InputSize.VGA
    compare_threshold: Annotated[float | None, Key("live/compare-threshold", THRESHOLD_RANGE)] = None
    compare_in_turns: Annotated[bool, Key("live/compare-in-turns")] = False
    compare_folder: Annotated[str, Key("live/compare-folder")] = ""

    record_annotated: Annotated[bool, Key("record/annotated")] = True
    record_lists: Annotated[bool, Key("record/lists")] = True
    record_sound: Annotated[bool, Key("record/sound")] = True
    microphone: Annotated[str, Key("record/microphone")] = ""
    record_suffix: Annotated[str, Key("record/suffix", VIDEO_FORMATS)] = ".mp4"
    record_folder: Annotated[Path | None, Key("record/folder")] = None

    source: Annotated[str, Key("live/source")] = ""
    large: Annotated[bool, Key("live/large")] = False
    scores: Annotated[bool, Key("live/scores")] = True
    mirror: Annotated[bool | None, Key("live/mirror")] = None
    mirror_camera: Annotated[bool | None, Key("live/mirror-camera")] = None
    graphs: Annotated[bool, Key("live/graphs")] = False
    loop: Annotated[bool, Key("live/loop")] = False
    folder: Annotated[str, Key("live/folder")] = ""

    @property
    def model(self) -> str:
        """The network to detect by, a shipped model's name."""
        return self.network if self.network in shipped_models() else DEFAULT_MODEL

    @property
    def tracking_options(self) -> TrackingOptions | None:
        """None: faces are not followed."""
        return TrackingOptions(smoothing=self.smoothing) if self.tracking else None

    @property
    def privacy_options(self) -> PrivacyOptions | None:
        """None: faces are not hidden."""
        least_hz = self.privacy_least_hz if self.privacy_unsure else None
        how = PrivacyOptions(self.privacy_how, self.privacy_padding, self.privacy_hold_s, least_hz)
        return how if self.privacy else None
