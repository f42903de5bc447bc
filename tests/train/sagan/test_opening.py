"""The samples that the gallery opens on, and the directions that it plays in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from sagan_gallery.generator import Generator
from sagan_gallery.latent import SampleSpec
from sagan_gallery.opening import opening_file, read_opening
from tests.sagan_gallery.made import made_sample
from tests.train.sagan.made import made_generator
from train.sagan import opening
from train.sagan.data import load_pictures
from train.sagan.export import export_generator
from train.sagan.opening import Judged, choose, in_order, main, map_variety, principal_directions, rank_sums
from train.training import TrainingError


def judged(seed: int, probability: float, distance: float, typicality: float, feature: float) -> Judged:
    spec = SampleSpec("made", "00000000", seed)
    return Judged(spec, probability, distance, typicality, np.array([feature, 0.0]))


def test_what_is_sure_typical_and_no_training_picture_is_chosen() -> None:
    found = choose(
        [
            judged(0, 0.99, 0.1, 1.0, 0.0),  # a training picture
            judged(1, 0.40, 2.0, 1.0, 0.0),  # another class
            judged(2, 0.98, 2.0, 1.0, 0.0),
            judged(3, 0.97, 2.1, 1.1, 0.1),  # like the one before
            judged(4, 0.90, 2.5, 2.0, 9.0),
            judged(5, 0.60, 3.0, 4.0, 9.0),
        ],
        2,
        closest=1.0,
    )
    assert [one.spec.seed for one in found] == [2, 4]
    with pytest.raises(TrainingError, match="more --seeds"):
        choose([judged(0, 0.9, 0.1, 1.0, 0.0)], 1, closest=1.0)


def test_the_first_direction_is_the_one_that_changes_most() -> None:
    random = np.random.default_rng(0)
    z = random.standard_normal((400, 6))
    pictures = 5 * z[:, 2:3] * random.standard_normal(30) - z[:, 4:5] * random.standard_normal(30)
    first, second = principal_directions(z, pictures, 2)
    assert abs(first[2]) == pytest.approx(1, abs=1e-3)
    assert abs(second[4]) == pytest.approx(1, abs=1e-3)


def test_maps_that_are_all_alike_have_no_variety() -> None:
    sample = made_sample(8, 4)
    alike = replace(sample.layers[0], attention=np.repeat(sample.attention[:1], 64, 0))
    assert map_variety(replace(sample, layers=(alike,))) == pytest.approx(0, abs=1e-6)
    apart = replace(alike, attention=np.eye(16, dtype=np.float32).repeat(4, 0))
    assert map_variety(replace(sample, layers=(apart,))) == pytest.approx(15 / 16)


def test_the_grid_begins_with_what_is_surest_most_typical_and_has_the_most_to_see() -> None:
    assert rank_sums([(-0.99, 5.0, -0.3), (-0.98, 6.0, -0.2), (-0.90, 4.0, -0.1)]).tolist() == [1, 4, 4]
    generator = Generator()
    cat, *_, sea = read_opening(generator).specs[: len(generator.classes)]
    judged = [Judged(cat, 0.9, 1.0, 5.0, np.zeros(2)), Judged(sea, 0.99, 1.0, 4.0, np.zeros(2))]
    assert [one.spec for one in in_order(generator, judged)] == [sea, cat]  # though the cat's maps differ more
    judged[0] = replace(judged[0], probability=0.999)
    assert [one.spec for one in in_order(generator, judged)] == [cat, sea]


def test_the_command_writes_what_the_gallery_reads(
    pictures: Path, features: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "made.onnx"
    export_generator(made_generator(3), model, {"classes": ["blue", "green", "red"]})
    generator = Generator(model)
    assert read_opening(generator).specs == []
    options = ["--data", str(pictures), "--features", str(features), "--cache", str(tmp_path)]
    with pytest.raises(TrainingError, match="more --seeds"):  # noise is no picture of any class
        main([str(model), *options, "--seeds", "3", "--count", "3"])
    assert not opening_file(model).exists()

    def learnt(_: Generator, label: str | None, seeds: Sequence[int], truncation: float) -> torch.Tensor:
        """As a generator would paint that has learnt the classes."""
        data = load_pictures(pictures, 32)
        real = data.images[data.labels == data.classes.index(str(label))][: len(seeds)].float()
        noise = torch.randn(real.shape, generator=torch.Generator().manual_seed(1))
        return (real + 40 * truncation * noise).clamp(0, 255).to(torch.uint8)

    monkeypatch.setattr(opening, "sample_pictures", learnt)
    main([str(model), *options, "--seeds", "20", "--count", "2"])
    found = read_opening(generator)
    assert {spec.label for spec in found.specs[:3]} == {"blue", "green", "red"}
    assert len({(spec.seed, spec.label) for spec in found.specs}) == 6
    assert {(spec.model_hash, spec.truncation) for spec in found.specs} == {(generator.model_hash, 0.8)}
    assert len(found.directions) == 4
    np.testing.assert_allclose(np.linalg.norm(found.directions, axis=1), 1, atol=1e-3)

    written = opening_file(model).read_text()
    opening_file(model).write_text(written.replace(generator.model_hash, "00000000"))
    assert read_opening(generator).specs == []  # another generator's
    opening_file(model).write_text("{")
    assert read_opening(generator).specs == []
