"""A tiny run from the pictures to the gallery: trains, resumes, is measured, is exported, samples."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from facecam.system.opencv import cv2
from sagan_gallery.generator import Generator as Gallery
from tests.train.sagan.conftest import TINY
from train.sagan import card, evaluate, export, shapes
from train.sagan.data import BatchSampler, load_pictures, to_float
from train.sagan.features import load_features
from train.sagan.networks import NetworkConfig
from train.sagan.train import main
from train.sagan.trainer import TrainConfig, Trainer
from train.training import TrainingError, World, load_checkpoint, save_checkpoint


def weights(path: Path) -> dict[str, torch.Tensor]:
    """All tensors of both networks, the average and the optimizers in a checkpoint."""
    state = load_checkpoint(path)
    found: dict[str, torch.Tensor] = {}
    for part in ("generator", "discriminator"):
        found |= {f"{part}.{name}": value for name, value in state[part].items()}
    found |= {f"ema.{name}": value for name, value in state["ema"]["module"].items()}
    for part in ("optimizer_g", "optimizer_d"):
        for index, values in state[part]["state"].items():
            found |= {f"{part}.{index}.{name}": torch.as_tensor(value) for name, value in values.items()}
    return found


def test_run_leaves_statistics_pictures_and_the_best_checkpoint(run: Path) -> None:
    lines = [json.loads(line) for line in (run / "stats.jsonl").read_text().splitlines()]
    losses = [line for line in lines if "loss_d" in line]
    assert {"loss_g", "gamma_g", "gamma_d", "sigma_g", "images_per_s"} <= set(losses[0])
    fids = [line["fid_own_features"] for line in lines if "fid_own_features" in line]
    assert len(fids) == 3
    assert load_checkpoint(run / "best.pt")["best_fid"] == pytest.approx(min(fids), abs=1e-3)
    assert load_checkpoint(run / "latest.pt")["step"] == 30
    assert list(run.glob("fakes*.png"))


def test_weights_move_and_stay_finite(run: Path) -> None:
    state = load_checkpoint(run / "latest.pt")
    assert all(torch.isfinite(value).all() for value in weights(run / "latest.pt").values())
    gammas = [v for n, v in weights(run / "latest.pt").items() if n.startswith("generator") and n.endswith("gamma")]
    assert gammas[0].item() != 0
    assert state["images"] == 240


def test_resumed_run_is_the_same_bit_for_bit(pictures: Path, tmp_path: Path) -> None:
    common = ["--data", str(pictures), *TINY]
    whole = main([*common, "--runs", str(tmp_path / "a"), "--kimg", "0.064"])
    part = main([*common, "--runs", str(tmp_path / "b"), "--kimg", "0.032"])
    main([*common, "--runs", str(tmp_path / "b"), "--kimg", "0.064", "--resume", str(part / "latest.pt")])
    expected, found = weights(whole / "latest.pt"), weights(part / "latest.pt")
    assert expected.keys() == found.keys()
    different = [name for name in expected if not torch.equal(expected[name], found[name])]
    assert different == []


def test_what_is_given_on_resume_counts_and_the_rest_stays(pictures: Path, tmp_path: Path) -> None:
    common = ["--data", str(pictures), *TINY, "--runs", str(tmp_path)]
    latest = main([*common, "--kimg", "0.016", "--lr-d", "3e-4", "--seed", "5"]) / "latest.pt"
    main([*common, "--kimg", "0.032", "--resume", str(latest), "--beta1", "0.5", "--lr-g", "2e-4"])
    state = load_checkpoint(latest)
    assert TrainConfig.of(state) == TrainConfig(8, lr_g=2e-4, lr_d=3e-4, beta1=0.5, bf16=False, seed=5)
    for part, rate in (("optimizer_g", 2e-4), ("optimizer_d", 3e-4)):
        weights, gammas = state[part]["param_groups"]
        assert (weights["lr"], gammas["lr"]) == (rate, pytest.approx(10 * rate))
        assert tuple(weights["betas"]) == tuple(gammas["betas"]) == (0.5, 0.9)


def test_burn_in_leaves_the_generator_alone(pictures: Path) -> None:
    data = load_pictures(pictures, 16)
    network = NetworkConfig(16, 3, z_dim=16, width=2, attention_g=(8,), attention_d=(8,))
    config = TrainConfig(batch=8, bf16=False, burn_in=2)
    trainer = Trainer(network, config, data.classes, World(0, 1, torch.device("cpu")))
    sampler = BatchSampler(data, 8, 0)
    g, d = trainer.generator.first.kernel.weight, trainer.discriminator.score.kernel.weight
    start_g, start_d = g.detach().clone(), d.detach().clone()
    for _ in range(2):
        trainer.train_step(sampler, data.frequencies)
    assert torch.equal(g, start_g)
    assert not torch.equal(d, start_d)
    for _ in range(2):
        trainer.train_step(sampler, data.frequencies)
    assert not torch.equal(g, start_g)


def test_warm_start_takes_what_fits_and_tells_the_rest(
    pictures: Path, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--runs", str(tmp_path), "--kimg", "0.008", "--burn-in", "9", "--lr-d", "0", "--warm-start"]
    larger = [o if o != "16" else "32" for o in TINY]
    larger[larger.index("--width") + 1] = "2"
    folder = main(["--data", str(pictures), *larger, *options, str(run / "latest.pt")])
    old, new = weights(run / "latest.pt"), weights(folder / "latest.pt")
    name = "generator.blocks.16.conv1.kernel.weight"
    assert torch.equal(old[name], new[name])
    told = capsys.readouterr().err
    assert "generator.blocks.32.conv1.kernel.weight" in told
    assert "generator.blocks.16.conv1" not in told
    again = main(["--data", str(pictures), *larger, *options, str(folder / "latest.pt")])
    state = load_checkpoint(again / "latest.pt")
    assert state["history"] == ["240 pictures at 16 px", "8 pictures at 32 px"]
    words = export.describe_training(state)
    assert words.startswith("240 pictures at 16 px, then 8 pictures at 32 px, then 8 pictures at 32 px seen, batch 8")
    with pytest.raises(TrainingError, match="no weight fits this Generator"):
        main(["--data", str(pictures), *TINY, "--width", "6", *options, str(run / "latest.pt")])


def test_mistakes_are_named(pictures: Path, run: Path, features: Path, tmp_path: Path) -> None:
    common = [*TINY, "--runs", str(tmp_path), "--kimg", "0.008"]
    state = load_checkpoint(run / "latest.pt")
    save_checkpoint(tmp_path / "old.pt", {**state, "config": {**state["config"], "critic": 0.2, "nats": 50.0}})
    with pytest.raises(TrainingError, match=r"critic 0\.2"):
        main(["--data", str(pictures), *common, "--resume", str(tmp_path / "old.pt")])
    for wrong in (["--resolution", "0"], ["--resolution", "48"], ["--widths-g", "8", "8"]):
        with pytest.raises(TrainingError, match=r"power of two|3 numbers"):
            main(["--data", str(pictures), *common, *wrong])
    (tmp_path / "data" / "other").mkdir(parents=True)
    (tmp_path / "data" / "other" / "a.png").write_bytes((pictures / "red" / "00.png").read_bytes())
    with pytest.raises(TrainingError, match="trained on blue"):
        main(["--data", str(tmp_path / "data"), *common, "--resume", str(run / "latest.pt")])
    with pytest.raises(TrainingError, match=r"train\.sagan\.train"):
        evaluate.main([str(features), "--data", str(pictures), "--features", str(features)])
    for option in ("--resume", "--warm-start"):
        with pytest.raises(TrainingError, match=r"train\.sagan\.train"):
            main(["--data", str(pictures), *common, option, str(features)])


def test_run_is_measured(run: Path, pictures: Path, features: Path, tmp_path: Path) -> None:
    options = ["--data", str(pictures), "--cache", str(tmp_path), "--samples", "90", "--device", "cpu"]
    figures = evaluate.main([str(run / "best.pt"), "--features", str(features), *options])
    assert figures["FID (own features)"] > figures["FID (own features) floor, real half against real half"] > 0
    assert 1 <= figures["IS (own features)"][0] <= 3
    assert set(figures["per class (own features)"]) == {"blue", "green", "red"}
    assert figures["class accuracy, held-out real"] > 0.9  # colours are easy
    assert not [name for name in figures if name.startswith(("FID", "IS")) and "own features" not in name]
    nearest = figures["nearest training picture, in features"]
    assert nearest["smallest, samples"] > 0
    assert figures["diversity within a class (own features), real"] > 0


def test_real_pictures_count_as_memorised(pictures: Path, features: Path) -> None:
    """A generator that gives training pictures back is caught."""
    data = load_pictures(pictures, 16)
    judge = load_features(features)

    class Copier(torch.nn.Module):
        config = type("Config", (), {"z_dim": 4, "classes": 3})

        def __init__(self) -> None:
            super().__init__()
            self.unused = torch.nn.Parameter(torch.zeros(()))

        def forward(
            self, z: torch.Tensor, label: torch.Tensor, scale: float
        ) -> tuple[torch.Tensor, list[torch.Tensor]]:
            return to_float(data.images[(z[:, 0].abs() * 1000).long() % len(data)]), []

    figures = evaluate.evaluate(Copier(), judge, data, 64)  # type: ignore[arg-type]
    assert figures["nearest training picture, in features"]["samples nearer than 99 % of real"] == 1.0


def test_exported_files_sample_in_the_gallery(
    run: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ["--data", str(pictures), "--cache", str(tmp_path / "cache"), "--out", str(tmp_path), "--name", "tiny"]
    export.main([str(run / "best.pt"), *options, "--licence", "for tests", "--about-data", "noise"])
    gallery = Gallery(tmp_path / "tiny.onnx")
    assert gallery.classes == ["blue", "green", "red"]
    sample = gallery.sample(3, "red")
    assert sample.image.shape == (16, 16, 3)
    np.testing.assert_allclose(sample.attention.sum(1), 1, atol=1e-5)
    assert sample.attention.shape == (64, 16)
    assert not np.array_equal(sample.image, gallery.sample(4, "red").image)

    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.onnx")}
    for fails in (export.Generator, export.Discriminator):
        parity = export.parity
        monkeypatch.setattr(export, "parity", lambda n, p, k=fails, f=parity: (0.5, 0) if isinstance(n, k) else f(n, p))
        with pytest.raises(TrainingError, match="was not kept: export without --half"):
            export.main([str(run / "latest.pt"), *options, "--half"])
        assert {path.name: path.read_bytes() for path in tmp_path.rglob("*.onnx")} == before
        monkeypatch.undo()

    shapes.main(
        [str(tmp_path / "tiny.onnx"), "--samples", "4", "--queries", "4", "--out", str(tmp_path / "shapes.json")]
    )
    card.main([str(tmp_path / "tiny.onnx"), "--shapes", str(tmp_path / "shapes.json")])
    text = (tmp_path / "tiny.md").read_text(encoding="utf-8")
    assert all(words in text for words in ("px seen", "for tests", "noise", "tiny.jpg", "disc of the same mass"))
    picture = cv2.imdecode(np.fromfile(tmp_path / "tiny.jpg", np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (3 * 16, 2 * 8 * 16 + 16, 3)
