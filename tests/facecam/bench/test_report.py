"""What `facecam bench` writes: the file, its comparison with another, the tables and the card."""

from __future__ import annotations

import hashlib
import json
import random

import numpy as np
import pytest
from PIL import Image

from facecam.bench.card import SIZE, draw_card
from facecam.bench.compare import compare
from facecam.bench.peak import Peak
from facecam.bench.report import SCHEMA_FILE, load, markdown, report
from facecam.cli import main
from facecam.errors import FacecamError
from tests.facecam.bench.made import MACHINE, made_run
from tests.fuzz.damage import damaged_json


def conforms(value, schema):
    """Checks the part of JSON Schema that ours uses."""
    kinds = {
        "object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "null": type(None),
    }  # fmt: skip
    if "const" in schema:
        assert value == schema["const"]
    if "type" in schema:
        names = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        assert any(isinstance(value, kinds[name]) for name in names), (value, names)
    if isinstance(value, dict):
        assert set(schema.get("required", ())) <= set(value)
        for name, part in schema.get("properties", {}).items():
            if name in value:
                conforms(value[name], part)
    if isinstance(value, list) and "items" in schema:
        for item in value:
            conforms(item, schema["items"])


def test_the_file_conforms_to_its_schema(result):
    conforms(json.loads(result.read_text()), json.loads(SCHEMA_FILE.read_text()))


def test_the_report_holds_what_was_measured(result, tiny_model):
    content = load(result)
    main_run, faces, staged, sizes, threads = content["runs"]
    assert {series["labels"]["model"] for series in main_run["series"]} == {"tiny"}
    assert "onnxruntime" in {series["labels"]["runtime"] for series in main_run["series"]}
    sha = hashlib.sha256(tiny_model.read_bytes()).hexdigest()
    assert {series["labels"]["model_sha256"] for series in main_run["series"]} == {sha}
    assert [series["labels"]["faces"] for series in faces["series"]] == [0, 1, 20, 200]
    # 300 cells of 32 px, of which the tiny model sees each as a face or not.
    assert [series["labels"]["faces_found"] for series in staged["series"]] == [0, 1, 20, 200]
    assert [series["labels"]["width"] for series in sizes["series"]] == [64, 96]
    assert [series["labels"]["threads"] for series in threads["series"]] == [1, 2]
    assert {series["labels"]["runtime"] for series in main_run["series"]} >= {"onnxruntime", "opencv"}
    for run in content["runs"]:
        for series in run["series"]:
            assert sum(series["histogram"]["counts"]) == series["detections"] == len(series["series_ms"]) >= 20
            assert series["total_ms"]["p10"] <= series["total_ms"]["p50"] <= series["total_ms"]["p99"]
    assert len(content["verdicts"]) == len(main_run["series"])
    assert markdown(content) == result.with_suffix(".md").read_text()


def test_results_are_compared_with_their_cautions(result, tmp_path, capsys):
    other = load(result)
    other["machine"]["cpu"] = "Another CPU"
    for run in other["runs"]:
        for series in run["series"]:
            series["cpu_ms"]["p50"] *= 2
    (tmp_path / "b.json").write_text(json.dumps(other))
    assert main(["bench", "--compare", str(result), str(tmp_path / "b.json")]) == 0
    text = capsys.readouterr().out
    assert "Different processors" in text
    rows = [line for line in text.splitlines() if line.startswith("| tiny")]
    assert rows
    assert all(line.rstrip(" |").rpartition("|")[2].strip() == "2.000" for line in rows)


def test_nothing_in_common_is_said():
    a = report(MACHINE, Peak(100.0, "x"), [made_run([10.0] * 50)], "now")
    b = report(MACHINE, None, [made_run([10.0] * 50, labels={"model": "another"})], "now")
    assert "nothing in common" in compare(a, b)


def test_the_floor_follows_from_multiply_adds_and_peak():
    labels = {"model": "m", "multiply_adds": 50e6}
    content = report(MACHINE, Peak(100.0, "x"), [made_run([2.0] * 50, labels=labels)], "now")
    (series,) = content["runs"][0]["series"]
    assert series["floor_ms"] == pytest.approx(1.0)
    assert series["times_floor"] == pytest.approx(2.0)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": 1}', '{"schema": 99, "runs": []}'])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "other.json"
    path.write_text(content)
    with pytest.raises(FacecamError) as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_damaged_results_are_told_in_one_sentence(result, tmp_path, capsys):
    whole = json.loads(result.read_text(encoding="utf-8"))
    other = tmp_path / "damaged.json"
    told = 0
    for seed in range(150):
        other.write_bytes(damaged_json(whole, random.Random(seed)))
        status = main(["bench", "--compare", str(result), str(other)])
        err = capsys.readouterr().err
        assert status in (0, 2), err
        assert (err.count("\n") == 1) == (status == 2), err
        told += status == 2
    assert 30 < told < 150


def test_a_result_that_could_not_be_written_is_told_before_measuring(tmp_path, tiny_model, capsys):
    missing = tmp_path / "no" / "a.json"
    assert main(["bench", "--model", str(tiny_model), "--json", str(missing)]) == 2
    assert "There is no folder" in capsys.readouterr().err


def test_the_card_is_a_picture_to_show(result):
    with Image.open(result.with_suffix(".png")) as card:
        assert card.size == SIZE
        assert card.format == "PNG"
    steady = report(MACHINE, Peak(100.0, "x"), [made_run([10.0, 10.1, 10.2] * 20)], "2026-01-02T03:04:05")
    wild = report(MACHINE, None, [made_run([5.0, 10.0, 20.0] * 20)], "2026-01-02T03:04:05")
    cards = [np.asarray(draw_card(one)).astype(int) for one in (steady, wild)]
    figures = [card[84:200, 56:700].max(axis=2) > 200 for card in cards]
    assert all(figure.mean() > 0.02 for figure in figures), "the large figure is missing"
    assert (figures[0] != figures[1]).any(), "a result without a verdict shows the same figure"
