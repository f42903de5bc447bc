"""What `facecam bench` writes: the file, its comparison with another, the tables and the card."""

from __future__ import annotations

import hashlib
import json
import random
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facecam.bench.card import SIZE, draw_card, draw_comparison
from facecam.bench.compare import compare, compared_bars
from facecam.bench.measure import run_of
from facecam.bench.result import SCHEMA, Labels, Peak, load, to_json
from facecam.bench.tables import markdown
from facecam.cli import main
from facecam.detection.model import PAPER_MODEL
from facecam.errors import FacecamError
from facecam.system.cpu import CoreUse
from tests.facecam.bench.made import ALONE, MACHINE, made_run, reported
from tests.fuzz.damage import damaged_json

STORED = Path(__file__).with_name("result-schema-2.json")


def test_a_file_holds_all_of_its_result_again(result):
    assert to_json(load(result)) == result.read_text()


def test_a_result_of_before_the_records_is_read_whole_and_keeps_its_keys():
    def kept(before, now):
        if isinstance(before, dict):
            return before.keys() <= now.keys() and all(kept(before[key], now[key]) for key in before)
        if isinstance(before, list):
            return len(before) == len(now) and all(map(kept, before, now))
        return before == now

    stored, before = load(STORED), json.loads(STORED.read_text())
    for run in before["runs"]:
        for series in run["series"]:
            del series["histogram"]  # of the times beside it
    assert kept(before, json.loads(to_json(stored)))
    assert stored.schema == SCHEMA == 2
    assert [len(run.series) for run in stored.runs] == [12, 4, 4, 4, 2, 4]
    assert "| faceboxes     | onnxruntime int8 | 338 |   2.96 |   0.32+2.11+0.49 |" in markdown(stored)
    rows = [line for line in compare(stored, stored).splitlines() if line.startswith("| f")]
    assert len(rows) > 15
    assert all(row.endswith("1.000 |") for row in rows)


def test_the_report_holds_what_was_measured(result, tiny_model):
    content = load(result)
    main_run, faces, injected, sizes, threads = content.runs
    assert {series.labels.model for series in main_run.series} == {"tiny"}
    assert "onnxruntime" in {series.labels.runtime for series in main_run.series}
    sha = hashlib.sha256(tiny_model.read_bytes()).hexdigest()
    assert {series.labels.model_sha256 for series in main_run.series} == {sha}
    assert [series.labels.faces for series in faces.series] == [0, 1, 20, 200]
    # 300 cells of 32 px, of which the tiny model sees each as a face or not.
    assert [series.labels.faces_found for series in injected.series] == [0, 1, 20, 200]
    assert [series.labels.width for series in sizes.series] == [64, 96]
    assert [series.labels.threads for series in threads.series] == [1, 2]
    assert {series.labels.runtime for series in main_run.series} >= {"onnxruntime", "opencv"}
    for run in content.runs:
        for series in run.series:
            assert series.detections == len(series.series_ms) >= 20
            assert series.total_ms.p10 <= series.total_ms.p50 <= series.total_ms.p99
    assert len(content.verdicts) == len(main_run.series)
    assert markdown(content) == result.with_suffix(".md").read_text()


def test_results_are_compared_with_their_cautions(result, tmp_path, capsys):
    other = json.loads(result.read_text())
    other["machine"]["cpu"] = "Another CPU"
    for run in other["runs"]:
        for series in run["series"]:
            series["cpu_ms"]["p50"] *= 2
    (tmp_path / "b.json").write_text(json.dumps(other))
    assert main(["bench", "--compare", str(result), str(tmp_path / "b.json")]) == 0
    text = capsys.readouterr().out
    (named,) = [line for line in text.splitlines() if "First:" in line]
    assert named.index(str(result)) < named.index("Second:") < named.index(str(tmp_path / "b.json"))
    assert "Different processors" in text
    rows = [line for line in text.splitlines() if line.startswith("| tiny")]
    assert rows
    assert all(line.rstrip(" |").rpartition("|")[2].strip() == "2.000" for line in rows)


def test_a_comparison_is_a_picture_with_the_windows_bars_and_verdict(tmp_path, capsys):
    for name, ms in (("laptop", 10.0), ("desktop", 5.0)):
        made = reported(made_run([ms] * 50))
        (tmp_path / f"{name}.json").write_text(to_json(made))
    paths = [str(tmp_path / f"{name}.json") for name in ("laptop", "desktop")]
    files = [f"--{kind}={tmp_path / 'both'}.{kind[:3]}" for kind in ("png", "markdown")]
    assert main(["bench", "--compare", *paths, *files]) == 0
    with Image.open(tmp_path / "both.png") as card:
        assert (card.size, card.format) == (SIZE, "PNG")
    assert (tmp_path / "both.mar").read_text() == capsys.readouterr().out
    first, second = (load(Path(path)) for path in paths)
    texts = draw_comparison(first, second, ("laptop.json", "desktop.json")).texts
    assert any("Desktop.json is 2.00 times as fast as laptop.json" in text for text in texts)
    (bar,) = compared_bars(first, second)
    assert texts[texts.index(bar.name) + 1] == "100 to 200"
    for wrong, sentence in (
        ([str(tmp_path), *files], "--png shows two results"),
        ([*paths, "--json", "c.json"], "--compare measures nothing that --json could write"),
    ):
        assert main(["bench", "--compare", *wrong]) == 2
        assert sentence in capsys.readouterr().err


def test_a_folder_of_results_is_a_table(tmp_path, capsys):
    papers = Labels(model=PAPER_MODEL, runtime="x", width=640, height=480, faces=1)
    other = replace(papers, model="other")
    for name, ms in (("laptop", 10.0), ("desktop", 5.0)):
        runs = [made_run([each_ms] * 50, labels=labels) for labels, each_ms in ((other, 1.0), (papers, ms))]
        main_run = run_of("main", [run.series[0] for run in runs], ALONE)
        (tmp_path / f"{name}.json").write_text(to_json(reported(main_run)))
    (tmp_path / "only other.json").write_text(to_json(reported(made_run([1.0] * 50, labels=other))))
    wild = reported(made_run([5.0, 10.0, 20.0] * 20))
    (tmp_path / "busy.json").write_text(to_json(wild))
    (tmp_path / "other.json").write_text("{}")
    assert main(["bench", "--compare", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("|")[1].strip() for line in lines if line.startswith("|")][2:] == [
        "desktop.json",
        "laptop.json",
        "busy.json",
        "only other.json",
    ]
    assert "| 200 FPS " in lines[2]
    assert "| no verdict " in lines[4]
    assert lines[5].split("|")[3].strip() == "", "the first network is not always the paper's"
    assert "other.json is not a benchmark's result" in lines[-1]
    (tmp_path / "empty").mkdir()
    for wrong in ([str(tmp_path / "empty")], [str(tmp_path / "laptop.json")], ["a", "b", "c"]):
        assert main(["bench", "--compare", *wrong]) == 2


def test_tables_are_aligned_for_those_who_read_them_in_a_terminal(result):
    text = markdown(load(result))
    blocks = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert len(blocks) == 5
    for lines in blocks:
        bars = {tuple(index for index, letter in enumerate(line) if letter == "|") for line in lines}
        assert len(bars) == 1, lines
        assert "-: |" in lines[1]
        assert lines[1].split("|")[1].strip(" -") == "", "names are on the left"


def test_what_all_rows_have_in_common_is_told_once_before_them():
    def series(runtime, faces):
        labels = Labels(model="tiny", runtime=runtime, width=64, height=48, faces=faces, faces_found=faces)
        return made_run([10.0] * 50, labels=labels).series[0]

    runs = [
        run_of("runtimes", (series("a", 20), series("b", 20)), ALONE),
        run_of("faces", (series("a", 0), series("a", 200)), ALONE),
        run_of("one", (series("a", 20),), ALONE),
    ]
    _, first, second, third = markdown(reported(*runs)).split(" (taking turns")
    assert "In all rows: model tiny, size 64x48, faces (found) 20 (20)." in first
    assert "In all rows: model tiny, runtime a, size 64x48." in second
    assert "In all rows" not in third
    heads = [next(line for line in text.splitlines() if line.startswith("| ")) for text in (first, second, third)]
    assert heads[0].startswith("| runtime | FPS ")
    assert heads[1].startswith("| faces (found) | FPS ")
    assert heads[2].startswith("| model | runtime | size  | faces (found) | FPS ")
    assert "× bound" not in heads[0], "nothing was measured that it could hold"
    assert "ratio" in heads[0], "figures are told row by row, however alike"


def test_every_reason_is_told_once():
    use = CoreUse(1.0, 0.5, 0.5, 1)
    runs = [made_run([10.0] * 50, use=use) for _ in range(2)]
    text = markdown(reported(*runs, machine=replace(MACHINE, load_before_percent=(0.0, 0.0, 0.0, 90.0))))
    assert text.count("was busy before the start") == 1
    assert text.count("no verdict") + text.count("No verdict") == 1


def test_several_threads_are_compared_by_wall_time():
    def series(threads, wall_ms):
        labels = Labels(model="m", runtime="x", threads=threads)
        return made_run([wall_ms] * 50, cpu_ms=(5.0,) * 50, labels=labels).series[0]

    run = run_of("threads", (series(1, 10.0), series(2, 6.0)), CoreUse(1.0, 1.0, 1.0, 2))
    text = markdown(reported(made_run([10.0] * 50), run))
    (line,) = [line for line in text.splitlines() if "2 threads |" in line]
    assert "| 0.600 |" in line


def test_the_help_tells_the_defaults_of_a_benchmark(capsys):
    with pytest.raises(SystemExit):
        main(["bench", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "(default: auto, all installed)" in text
    assert "(default: all that come with the program)" in text


def test_nothing_in_common_is_said():
    a = reported(made_run([10.0] * 50), peak=Peak(100.0, "x"))
    b = reported(made_run([10.0] * 50, labels=Labels(model="another")))
    assert "nothing in common" in compare(a, b)


def test_the_floor_follows_from_multiply_adds_and_peak():
    labels = Labels(model="m", multiply_adds=50e6)
    content = reported(made_run([2.0] * 50, labels=labels), peak=Peak(100.0, "x"))
    (series,) = content.runs[0].series
    assert series.floor_ms == pytest.approx(1.0)
    assert series.times_floor == pytest.approx(2.0)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": 1}', '{"schema": 99, "runs": []}'])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "other.json"
    path.write_text(content)
    with pytest.raises(FacecamError) as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_a_result_of_another_version_says_what_to_do(tmp_path):
    whole = json.loads(STORED.read_text())
    for schema, advice in ((SCHEMA - 1, "older facecam"), (SCHEMA + 1, "newer facecam")):
        (tmp_path / "other.json").write_text(json.dumps({**whole, "schema": schema}))
        with pytest.raises(FacecamError, match=advice):
            load(tmp_path / "other.json")


GONE = object()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("runs", []),
        ("runs[0].series", []),
        ("runs[0].series[0].series_ms[0]", "fast"),
        ("runs[0].series[0].cpu_ms", GONE),
        ("runs[0].series[0].total_ms.p50", float("nan")),
    ],
)
def test_what_is_damaged_is_told_by_its_place(tmp_path, place, value):
    whole = inside = json.loads(STORED.read_text())
    *keys, last = (int(key) if key.isdigit() else key for key in re.findall(r"\w+", place))
    for key in keys:
        inside = inside[key]
    if value is GONE:
        del inside[last]
    else:
        inside[last] = value
    (tmp_path / "damaged.json").write_text(json.dumps(whole))
    with pytest.raises(FacecamError, match="is a damaged result: " + re.escape(place) + " "):
        load(tmp_path / "damaged.json")


def test_damaged_results_are_told_in_one_sentence(tmp_path, capsys):
    whole = json.loads(STORED.read_text(encoding="utf-8"))
    other = tmp_path / "damaged.json"
    told = 0
    for seed in range(60):
        other.write_bytes(damaged_json(whole, random.Random(seed)))
        status = main(["bench", "--compare", str(STORED), str(other)])
        err = capsys.readouterr().err
        assert status in (0, 2), err
        assert (err.count("\n") == 1) == (status == 2), err
        told += status == 2
    assert 12 < told < 60


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--json", "no/a.json"], "There is no folder"),
        (["--json", "."], "is a folder"),
        (["--png", "card.jpg"], "name it card.png"),
        (["--also", "."], "is a folder; name the ONNX file"),
        (["--json", "a.txt", "--markdown", "a.txt"], "two files at once"),
    ],
)
def test_a_result_that_could_not_be_written_is_told_before_measuring(
    tmp_path, tiny_model, capsys, monkeypatch, options, reason
):
    monkeypatch.chdir(tmp_path)
    assert main(["bench", "--model", str(tiny_model), *options]) == 2
    told = capsys.readouterr().err
    assert reason in told
    assert told.count("\n") == 1, "something was measured before"


def test_the_card_is_a_picture_to_show(result):
    with Image.open(result.with_suffix(".png")) as card:
        assert card.size == SIZE
        assert card.format == "PNG"
    steady = reported(made_run([10.0, 10.1, 10.2] * 20), peak=Peak(100.0, "x"))
    wild = reported(made_run([5.0, 10.0, 20.0] * 20))
    cards = [np.asarray(draw_card(one).picture()).astype(int) for one in (steady, wild)]
    figures = [card[84:200, 56:700].max(axis=2) > 200 for card in cards]
    assert all(figure.mean() > 0.02 for figure in figures), "the large figure is missing"
    assert (figures[0] != figures[1]).any(), "a result without a verdict shows the same figure"


def test_the_figures_under_the_cards_histogram_are_those_of_its_times():
    times = [8.0 + 0.01 * index for index in range(500)]
    calm = draw_card(reported(made_run(times))).texts
    assert calm[-3:-1] == ["8.0 ms", "13.0 ms"]
    hiccup = draw_card(reported(made_run([*times[:-1], 200.0]))).texts
    assert hiccup[-3:-1] == ["8.0 ms", "13.0 ms or more"]
