"""Accuracy against time: what is found on pictures with known faces, its table and its plot."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from facecam.bench.accuracy import Accuracy, AccuracyResult, accuracy_markdown, measure_accuracy, read_labels
from facecam.bench.candidates import candidates
from facecam.bench.card import draw_accuracy
from facecam.bench.result import Labels, Percentiles
from facecam.cli import main
from facecam.detection.options import DetectorOptions
from facecam.runtimes.engine import Engine
from tests.facecam.bench.made import MACHINE
from tests.facecam.made_third_party import save_yunet


@pytest.fixture
def labelled(tmp_path, make_frame):
    """Two pictures, of which the tiny model sees three of the four faces, and one without a face."""
    lines = []
    for name, cells in (("a.png", ((3, 2), (10, 5))), ("b.png", ((1, 1),))):
        Image.fromarray(make_frame(*cells, width=640, height=480)[..., ::-1]).save(tmp_path / name)
        rows = [f"{32 * x} {32 * y} 32 32 0 0 0 0 0 0" for x, y in cells]
        rows += ["300 300 40 40 0 0 0 0 0 0"] * (name == "b.png")
        lines += [name, str(len(rows)), *rows]
    Image.fromarray(np.zeros((480, 640, 3), np.uint8)).save(tmp_path / "none.png")
    (tmp_path / "labels.txt").write_text("\n".join([*lines, "none.png", "0", "0 0 0 0 0 0 0 0 0 0"]) + "\n")
    return tmp_path


def test_accuracy_is_that_of_the_found_faces(labelled, tiny_model, capsys):
    command = ["bench", "--model", str(tiny_model), "--runtime", "onnxruntime", "--also"]
    command += [str(save_yunet(labelled / "yunet.onnx")), "--accuracy", str(labelled), str(labelled / "labels.txt")]
    assert main([*command, "--json", str(labelled / "r.json"), "--png", str(labelled / "r.png")]) == 0
    result = json.loads((labelled / "r.json").read_text())
    assert (result["pictures"], result["faces"]) == (2, 4)
    tiny, yunet = result["candidates"]
    assert tiny["average_precision"] == pytest.approx(0.75), "three of four faces, and no false box before them"
    assert (tiny["labels"]["model"], yunet["labels"]["family"]) == ("tiny", "yunet")
    assert tiny["cpu_ms"]["p50"] > 0
    out = capsys.readouterr().out
    assert "2 pictures with 4 faces" in out
    assert "| tiny " in out
    with Image.open(labelled / "r.png") as picture:
        assert picture.size == (1200, 630)


def test_the_most_accurate_stands_first_in_table_and_plot_with_the_same_numbers():
    def one(model, area, ms):
        return Accuracy(Labels(model=model, runtime="x"), area, Percentiles.of((ms,)), Percentiles.of((2 * ms,)))

    result = AccuracyResult("Test CPU", 3, 10, 20, (one("quick", 0.7, 2.0), one("exact", 0.9, 5.0)))
    rows = [line.split("|") for line in accuracy_markdown(result).splitlines()[4:]]
    assert [[cell.strip() for cell in row[1:-1]] for row in rows] == [
        ["exact", "x", "0.900", "5.00", "10.00", "100"],
        ["quick", "x", "0.700", "2.00", "4.00", "250"],
    ]
    texts = draw_accuracy(result).texts
    assert [text for text in texts if " x  " in text] == ["quick x  0.700  2.0 ms", "exact x  0.900  5.0 ms"]


def test_times_of_a_shared_core_are_told_as_such_in_table_and_plot(labelled, tiny_model):
    alone = replace(MACHINE, load_before_percent=(0.0,) * 4)
    busy = replace(alone, load_before_percent=(0.0, 95.0, 0.0, 95.0))
    among = candidates(DetectorOptions(tiny_model), [Engine()])
    pictures = read_labels(labelled, labelled / "labels.txt")
    result = measure_accuracy(among, pictures, busy)
    assert result.problems[0].startswith("The measured core was busy before the start (core 3: 95 %)")
    assert "Other cores were busy (core" in result.warnings[0]
    assert not any("before the start" in problem for problem in measure_accuracy(among, pictures, alone).problems)
    text = accuracy_markdown(result)
    assert "The times can't be trusted" in text
    assert f"- {result.problems[0]}" in text
    assert any(told.startswith("The measured core was busy") for told in draw_accuracy(result).texts)


def test_labels_without_a_face_are_told(labelled, tiny_model, capsys):
    (labelled / "empty.txt").write_text("none.png\n0\n")
    arguments = ["bench", "--model", str(tiny_model), "--accuracy", str(labelled), str(labelled / "empty.txt")]
    assert main(arguments) == 2
    assert "names no picture with a face" in capsys.readouterr().err
