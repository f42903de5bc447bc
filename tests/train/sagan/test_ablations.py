"""One command trains the variants and writes the report."""

import json
from pathlib import Path

import pytest

from train.sagan.ablations import insert, main
from train.training import TrainingError


def test_variants_are_trained_once_and_reported(
    tiny: list[str], pictures: Path, features: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sagan.md").write_text("# Results\n\nKept.\n", encoding="utf-8")
    only = ["paper's choices, attention at 16", "no attention", "spectral norm in D alone"]
    common = ["--data", str(pictures), "--features", str(features), "--out", str(tmp_path), "--points", "2"]
    options = ["--runs", str(tmp_path / "runs"), "--kimg", "0.016", "--fid-samples", "16", "--width", "2"]
    options += ["--batch", "8", "--bf16", "false", "--device", "cpu"]
    results = main([*common, *options, "--only", *only])
    assert [len(result["fid"]) for result in results.values()] == [2, 2, 2]
    assert results["no attention"]["gamma"] == []
    text = (tmp_path / "sagan.md").read_text(encoding="utf-8")
    assert "Kept." in text
    assert all(f"| {name} |" in text for name in only)
    assert json.loads((tmp_path / "ablations.json").read_text(encoding="utf-8")) == results
    assert (tmp_path / "ablations.png").stat().st_size > 1000

    again = main([*common, *options, "--only", *only])
    assert again == results
    assert len(list((tmp_path / "runs").glob("0*"))) == 3
    with pytest.raises(TrainingError, match="no variant"):
        main([*common, "--only", "magic"])


def test_report_is_replaced_not_repeated() -> None:
    once = insert("# Results\n\nBefore.\n", "one")
    twice = insert(once + "\nAfter.\n", "two")
    assert "one" not in twice
    assert twice.count("<!-- ablations -->") == 1
    assert twice.startswith("# Results\n\nBefore.")
    assert twice.endswith("After.\n")
