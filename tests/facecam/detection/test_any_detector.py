"""A second detector on the same frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from facecam.detection import third_party
from facecam.detection.any_detector import open_detector
from facecam.detection.detector import FaceDetector
from facecam.detection.options import DetectorOptions
from facecam.detection.third_party import ThirdPartyDetector
from facecam.errors import ModelError
from facecam.faces.boxes import faces_in_common
from facecam.faces.privacy import PrivacyOptions
from facecam.faces.tracking import TrackingOptions
from facecam.live.detection_loop import FaceFinder
from facecam.live.options import LiveOptions, SecondDetector
from facecam.runtimes.engine import Runtime
from facecam.sources import Frame
from tests.doubles import found
from tests.facecam.made_third_party import save_ultralight, save_yunet


def test_what_two_detectors_agree_on() -> None:
    a = found((0, 0, 10, 10), (50, 50, 60, 60), (52, 50, 62, 60))
    assert len(faces_in_common(a, found((1, 0, 11, 10), (50, 50, 61, 60)))) == 2  # each face of the one once
    assert not faces_in_common(a, found((100, 0, 110, 10)))
    assert faces_in_common(a, found()) == faces_in_common(found(), found()) == []


@pytest.mark.parametrize("save", [save_yunet, save_ultralight])
def test_another_projects_file_is_found_in_the_home_folder(
    save: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path / "x.onnx")
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    assert open_detector(DetectorOptions("~/x.onnx")).name == "x"


def test_yunets_file_is_opened_from_memory_as_its_name_may_be_none_for_c(
    tmp_path: Path, make_frame: Callable[..., np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = save_yunet(tmp_path / "x.onnx").read_bytes()
    monkeypatch.setattr(third_party, "read_model", lambda path, kind: data)
    assert len(third_party.YuNet(tmp_path / "顔" / "gone.onnx").detect(make_frame((3, 2), (10, 5)))) == 2


def frame(image: np.ndarray, index: int = 0) -> Frame:
    return Frame(image, index, index / 30, 0.0)


def test_both_see_the_same_frame_each_with_its_own_threshold_and_size(
    tiny_model: Path, make_frame: Callable[..., np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facecam.live.detection_loop._BORDER_SHARE", 20)  # 32 px, which keep the tiny model's cells
    image = make_frame((3, 2))
    image[5 * 32 : 6 * 32, 9 * 32 : 10 * 32] = 185  # a face with a score of about 0.73
    first, second = FaceDetector(tiny_model), FaceDetector(tiny_model)
    finder = FaceFinder(first)
    second_options = SecondDetector(second, threshold=0.5, size=None)
    options = LiveOptions(threshold=0.9, size=None, second=second_options, privacy=PrivacyOptions())
    found = finder.find(frame(image), options)
    assert found.second is not None
    assert (len(found.detections), len(found.second.shown)) == (1, 2)
    assert found.second.took_ms > 0
    hidden = {tuple(box) for box in found.private.round().tolist()}
    assert {tuple(box) for box in found.second.shown.boxes.round().tolist()} <= hidden  # a face for either is hidden
    small = LiveOptions(threshold=0.5, second=SecondDetector(second, size=(320, 240)))
    finder.find(frame(image, 1), small)
    assert (first.size, second.size) == ((640, 480), (320, 240))
    assert finder.find(frame(image, 2), LiveOptions(threshold=0.5)).second is None


def test_each_has_its_own_tracking(tiny_model: Path, make_frame: Callable[..., np.ndarray]) -> None:
    finder = FaceFinder(FaceDetector(tiny_model))
    options = LiveOptions(tracking=TrackingOptions(), second=SecondDetector(FaceDetector(tiny_model)))
    for index in range(3):
        found = finder.find(frame(make_frame((3, 2), (9, 9)), index), options)
    assert found.second is not None
    for shown in (found.detections, found.second.shown):
        assert shown.ids is not None
        assert sorted(shown.ids.tolist()) == [1, 2]


def test_in_turns_each_frame_is_searched_by_one_of_them_and_both_show_faces(
    tiny_model: Path, make_frame: Callable[..., np.ndarray]
) -> None:
    finder = FaceFinder(FaceDetector(tiny_model))
    options = LiveOptions(second=SecondDetector(FaceDetector(tiny_model), in_turns=True))
    found = [finder.find(frame(make_frame((3, 2)), index), options) for index in range(8)]
    searched = [(one.detected, one.second.detected) for one in found if one.second is not None]
    assert searched[0] == (True, True)  # neither knows anything before
    assert searched[1:] == [(False, True), (True, False)] * 3 + [(False, True)]
    assert all(len(one.detections) == 1 and one.second is not None and len(one.second.shown) == 1 for one in found)
    picture = finder.find(frame(make_frame((3, 2))), options, still=True)
    assert picture.detected
    assert picture.second is not None
    assert picture.second.detected  # a picture that stays is for both


def test_ours_are_loaded_by_name_or_file_and_other_files_refused(tiny_model: Path, tmp_path: Path) -> None:
    assert open_detector(DetectorOptions(tiny_model)).name == "tiny"
    wrong = tmp_path / "wrong.onnx"
    wrong.write_bytes(b"no model")
    with pytest.raises(ModelError, match=r"wrong\.onnx"):
        open_detector(DetectorOptions(wrong))
    with pytest.raises(ModelError, match="nowhere"):
        open_detector(DetectorOptions(tmp_path / "nowhere.onnx"))


def test_models_of_other_people_are_recognised(tmp_path: Path) -> None:
    assert isinstance(open_detector(DetectorOptions(save_ultralight(tmp_path / "rfb.onnx"))), ThirdPartyDetector)


def test_a_peer_answers_as_our_detectors_do(tiny_model: Path) -> None:
    class Peer(ThirdPartyDetector):
        family, runtime, usual = "peer", Runtime.ONNX_RUNTIME, 0.7

        def _open(self, model: str, data: bytes) -> None:
            pass

        def _find(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            rows = [[1, 1, 9, 9], [20, 20, 30, 30], [50, 50, 90, 60], [np.nan, 1, 2, 3], [9, 9, 9, 30]]
            return np.array(rows, np.float32), np.array([0.5, 0.8, 0.9, 0.99, 0.99], np.float32)

    detector = Peer(tiny_model)
    found = detector.detect(np.zeros((80, 80, 3), np.uint8))
    np.testing.assert_allclose(found.scores, [0.9, 0.8])
    assert found.boxes[0].tolist() == [50, 50, 80, 60]  # within the frame
    detector.threshold = 0.4
    assert len(detector.detect(np.zeros((80, 80, 3), np.uint8))) == 3
    assert detector.timings.total_ms > 0
