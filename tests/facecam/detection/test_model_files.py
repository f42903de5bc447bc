"""Model files: ours load, anything else gets one clear sentence."""

from __future__ import annotations

import hashlib
import itertools

import numpy as np
import pytest

from facecam.detection.detector import FaceDetector
from facecam.errors import ModelError
from facecam.runtimes import file_check
from facecam.system.resources import asset, shipped_models


def refused(path, words):
    with pytest.raises(ModelError, match=words) as caught:
        FaceDetector(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


def test_name_and_hash_are_the_files(tiny_model):
    detector = FaceDetector(tiny_model)
    assert detector.name == "tiny"
    assert detector.model_hash == hashlib.sha256(tiny_model.read_bytes()).hexdigest()


def test_a_path_may_be_a_text_and_have_any_letters(make_model):
    FaceDetector(str(make_model("modèle 模型.onnx")))


def test_missing_files_and_names(tmp_path):
    refused(tmp_path / "none.onnx", "There is no model file")
    refused("nosuchname", "There is no model nosuchname")
    refused(tmp_path, "folder")


@pytest.mark.parametrize("content", [b"", b"hello", b"\x08\x07\x12\x04text", bytes(1000)])
def test_files_that_are_not_onnx(tmp_path, content):
    path = tmp_path / "other.onnx"
    path.write_bytes(content)
    refused(path, "empty" if not content else "not an ONNX model|not a face detector")


@pytest.mark.parametrize("share", [0.01, 0.3, 0.9, 0.999])
def test_truncated_files(tmp_path, tiny_model, share):
    data = tiny_model.read_bytes()
    path = tmp_path / "cut.onnx"
    path.write_bytes(data[: int(len(data) * share)])
    refused(path, "damaged or incomplete|not a face detector of ours|metadata")


def test_onnx_files_of_others(tmp_path, tiny_model):
    onnx = pytest.importorskip("onnx")
    model = onnx.load(str(tiny_model))
    del model.metadata_props[:]
    onnx.save(model, str(tmp_path / "foreign.onnx"))
    refused(tmp_path / "foreign.onnx", "no `facecam` metadata")


def test_weights_outside_the_file_are_refused(tmp_path, tiny_model):
    onnx = pytest.importorskip("onnx")
    path = tmp_path / "external.onnx"
    onnx.save_model(onnx.load(str(tiny_model)), str(path), save_as_external_data=True, size_threshold=0)
    refused(path, "another file")


@pytest.mark.parametrize(
    "metadata",
    [
        {"format": 99},
        {"format": []},
        {"mean": [1, 2]},
        {"mean": "abc"},
        {"variances": [0.1]},
        {"threshold": 7},
        {"false_share": [[0.5]]},
        {"false_share": [[0.6, 0.1], [0.5, 0.2]]},
        {"false_share": [[0.5, 2]]},
        {"anchors": []},
        {"anchors": [{"stride": 0, "sizes": [1], "densities": [1]}]},
        {"anchors": "x"},
    ],
)
def test_metadata_that_makes_no_sense(make_model, metadata):
    refused(make_model(**metadata), "metadata")


def test_outputs_must_fit_the_anchors(make_model):
    refused(make_model(anchors=[{"stride": 32, "sizes": [32, 64], "densities": [1, 1]}]), "don't fit the anchors")
    refused(make_model(anchors=[{"stride": 16, "sizes": [32], "densities": [1]}]), "don't fit the anchors")


def test_a_network_that_returns_nonsense_gives_no_boxes(tmp_path, tiny_model):
    """Offsets that overflow, or aren't numbers, must neither crash the decoder nor reach the screen."""
    onnx = pytest.importorskip("onnx")
    frame = np.full((64, 64, 3), 255, np.uint8)
    for value in (np.nan, np.inf, 1e30):
        model = onnx.load(str(tiny_model))
        weight = model.graph.initializer[0]  # of the offsets
        weight.CopyFrom(onnx.numpy_helper.from_array(np.full((4, 3, 32, 32), value, np.float32), weight.name))
        onnx.save(model, str(tmp_path / "wild.onnx"))
        found = FaceDetector(tmp_path / "wild.onnx").detect(frame)
        assert np.isfinite(found.boxes).all()
        assert found.boxes.size == 0 or (found.boxes.min() >= 0 and found.boxes.max() <= 64)


# Files that mean harm are refused before a runtime sees them


def changed(tmp_path, tiny_model, change):
    onnx = pytest.importorskip("onnx")
    model = onnx.load(str(tiny_model))
    change(onnx, model.graph)
    onnx.save(model, str(tmp_path / "changed.onnx"))
    return tmp_path / "changed.onnx"


def with_attribute(name, value):
    def change(onnx, graph):
        conv = graph.node[0]
        kept = [entry for entry in conv.attribute if entry.name != name]
        del conv.attribute[:]
        conv.attribute.extend([*kept, onnx.helper.make_attribute(name, value)])

    return change


def with_operator(kind, domain=""):
    return lambda onnx, graph: graph.node.insert(0, onnx.helper.make_node(kind, ["image"], ["other"], domain=domain))


def terabytes(_onnx, graph):
    graph.initializer[0].dims[0] = 2**40


def enlarged(onnx, graph):
    graph.initializer.append(onnx.numpy_helper.from_array(np.array([1, 1, 1e5, 1e5], np.float32), "scales"))
    graph.node.insert(0, onnx.helper.make_node("Resize", ["image", "", "scales"], ["large"]))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (with_attribute("strides", [0, 0]), "strides of 0"),
        (with_attribute("pads", [2**40] * 4), "pads of"),
        (with_attribute("group", -1), "group of -1"),
        *((with_operator(kind), f"the operator {kind}") for kind in ("Loop", "Expand", "ConstantOfShape", "Nonsense")),
        (with_operator("Conv", "evil"), "the operator evil.Conv"),
        (terabytes, "impossible size"),
        (enlarged, "enlarges"),
    ],
)
def test_what_no_detector_needs(tmp_path, tiny_model, change, words):
    refused(changed(tmp_path, tiny_model, change), words)


def resize_to(onnx, graph):
    graph.initializer.append(onnx.numpy_helper.from_array(np.array([1, 3, 30_000, 30_000], np.int64), "sizes"))
    graph.node.insert(0, onnx.helper.make_node("Resize", ["image", "", "", "sizes"], ["balloon"]))


def resize_by_a_constant(onnx, graph):
    scales = onnx.numpy_helper.from_array(np.array([1, 1, 100, 100], np.float32), "inside")
    graph.node.insert(0, onnx.helper.make_node("Resize", ["image", "", "scales"], ["balloon"]))
    graph.node.insert(0, onnx.helper.make_node("Constant", [], ["scales"], value=scales))


def double_and_double(onnx, graph):
    names = ["image", *(f"double{step}" for step in range(11)), "balloon"]
    for index, (before, after) in enumerate(itertools.pairwise(names)):
        graph.node.insert(index, onnx.helper.make_node("Concat", [before, before], [after], axis=2))


@pytest.mark.parametrize("grow", [resize_to, resize_by_a_constant, double_and_double])
def test_networks_that_would_fill_the_memory_when_run(tmp_path, tiny_model, grow):
    def change(onnx, graph):
        grow(onnx, graph)
        graph.output.append(onnx.helper.make_tensor_value_info("balloon", onnx.TensorProto.FLOAT, None))

    refused(changed(tmp_path, tiny_model, change), "wants more memory than a face detector needs")
    assert FaceDetector(tiny_model).name  # others are not held to account for it


def test_a_file_of_many_small_parts_is_given_up_soon(tmp_path):
    path = tmp_path / "parts.onnx"
    path.write_bytes(b"\x08\x01" * 3_000_000)
    refused(path, "too many parts")


def test_the_check_lets_the_shipped_models_pass():
    for name in shipped_models():
        assert file_check.problem(asset(f"{name}.onnx").read_bytes()) is None


def test_errors_stay_one_line_of_readable_length(tmp_path):
    assert str(ModelError("a\nb\x1b[31mc\u202ed")) == "a\\nb\\x1b[31mc\\u202ed"
    assert len(str(ModelError("x" * 10_000))) <= 600
