"""The figures of a card come from what was measured of one model, or a sentence says what is missing."""

import json
from pathlib import Path

import pytest

from train.faceboxes.protocols.card_figures import figures, main
from train.training import TrainingError

CLIP = {"lost": 0.0, "other": 0.01, "jitter_centre": 0.5, "jitter_size": 0.7}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    group = {"ap": 0.5, "recall_at_50_false": 0.25}
    size = {
        "ap": {"all": 0.7, ">=16": 0.75, ">=32": 0.8},
        "ap_by_size": {"<16": 0.1, "16-32": 0.2, "32-64": 0.3, ">64": 0.4},
        "ap_by_source": {"a": 0.6},
        "by_group": {"mask": group},
        "recall_at_50_false": 0.65,
    }
    curve = [
        {"threshold": t / 100, "recall": 1 - t / 100, "recall_32px": 0.9, "precision": 0.8, "false_per_100_photos": 1.5}
        for t in range(5, 100)
    ]
    write(tmp_path, "canvas", {"640x480": size})
    write(tmp_path, "calibrate", {"curve": curve})
    write(tmp_path, "clips", {"score 0.8": {"all clips": CLIP}, "score 0.8, tracked": {"all clips": CLIP}})
    return tmp_path


def write(folder: Path, protocol: str, results: dict, sha256: str = "1") -> None:
    (folder / f"{protocol}.json").write_text(json.dumps({"model": {"sha256": sha256}, "results": results}))


def test_figures_of_the_default_threshold(folder: Path) -> None:
    main([str(folder), "--threshold", "0.8", "--json", str(folder / "card.json")])
    found = json.loads((folder / "card.json").read_text())
    assert found["AP by face size"]["over 64 px"] == 0.4
    assert found["at the default threshold"]["recall"] == pytest.approx(0.2)
    assert found["webcam clips, score 0.8, tracked (own track as reference)"]["jitter of centre, %"] == 0.5
    assert not any("AFW" in name for name in found)
    afw = {"pictures": 3, "x 1, as detected": {"ap": 0.9}, "x 1, calibrated": {"ap": 0.91}}
    write(folder, "afw", {**afw, "640x480": {"ap": {"all": 0.8}}})
    assert figures(folder, 0.8)["AP on AFW (3 pictures)"]["own size, calibrated"] == 0.91


def test_what_is_missing_is_said(folder: Path) -> None:
    with pytest.raises(TrainingError, match=r"not measured at 0\.7"):
        figures(folder, 0.7)
    write(folder, "clips", {"score 0.8": {"all clips": CLIP}, "score 0.8, tracked": {"all clips": CLIP}}, sha256="2")
    with pytest.raises(TrainingError, match="2 models"):
        figures(folder, 0.8)
    (folder / "canvas.json").unlink()
    with pytest.raises(TrainingError, match="evaluate canvas"):
        figures(folder, 0.8)
