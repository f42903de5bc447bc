"""Seeds, walks and sample texts."""

import itertools

import numpy as np
import pytest

from facecam.errors import FacecamError
from sagan_gallery.latent import MAX_SEED, SampleSpec, latent, parse_sample_text, slerp
from sagan_gallery.sample import Blend, LatentPoint
from sagan_gallery.walk import Walk, walk_points


def test_a_seed_keeps_its_latent_for_ever():
    # The first values of MT19937 with seed 42 through the polar method, as NumPy has had them since its first release.
    assert np.allclose(latent(42)[:3], [0.49671414, -0.1382643, 0.64768857])
    assert latent(0).shape == (128,)
    assert latent(0).dtype == np.float32
    assert abs(np.concatenate([latent(seed) for seed in range(50)]).std() - 1) < 0.03


def test_slerp_keeps_the_length_and_goes_evenly():
    a, b = latent(1), latent(2)
    lengths = [np.linalg.norm(slerp(a, b, t)) for t in np.linspace(0, 1, 9)]
    assert np.allclose(lengths, np.linspace(lengths[0], lengths[-1], 9), rtol=1e-5)
    assert np.allclose(slerp(a, b, 0), a, atol=1e-6)
    assert np.allclose(slerp(a, b, 1), b, atol=1e-6)
    steps = [slerp(a, b, t) / np.linalg.norm(slerp(a, b, t)) for t in np.linspace(0, 1, 9)]
    angles = [float(np.arccos(np.clip(p @ q, -1, 1))) for p, q in itertools.pairwise(steps)]
    assert max(angles) - min(angles) < 1e-3


def test_slerp_of_parallel_and_zero_latents_is_finite():
    a = latent(1)
    for b in (a, 2 * a, -a, 0 * a):
        assert np.isfinite(slerp(a, b, 0.3)).all()
    assert np.allclose(slerp(a, 2 * a, 0.5), 1.5 * a)


@pytest.mark.parametrize(
    "spec",
    [
        SampleSpec("sagan64", "ab12cd34", 42, "tabby", 0.7),
        SampleSpec("my-model.v2", "00000000", MAX_SEED, None, 1.0),
        SampleSpec("sagan64", "ab12cd34", 0, "snowy mountain", 0.05),
    ],
)
def test_sample_texts_come_back_as_they_went(spec):
    assert parse_sample_text(str(spec)) == spec


def test_a_sample_text_reads_well():
    assert str(SampleSpec("sagan64", "ab12cd34", 42, "tabby", 0.7)) == "sagan64:ab12cd34 seed=42 class=tabby trunc=0.70"
    assert parse_sample_text("  sagan64:ab12cd34 seed=7\n") == SampleSpec("sagan64", "ab12cd34", 7)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("hello", "no sample text"),
        ("sagan64:ab12cd34", "no sample text"),
        ("sagan64:ab12cd34 seed=99999999999", "too large"),
        ("sagan64:ab12cd34 seed=1 trunc=9.0", "out of range"),
        ("sagan64:ab12cd34 seed=1 trunc=0.705", "no sample text"),  # which no text of ours has
    ],
)
def test_other_texts_are_refused(text, reason):
    with pytest.raises(FacecamError, match=reason):
        parse_sample_text(text)


def test_a_walk_starts_and_ends_at_its_samples_and_blends_their_classes():
    walk = Walk(LatentPoint(latent(1), 0), LatentPoint(latent(2), 2))
    assert np.allclose(walk.at(0).z, latent(1), atol=1e-6)
    assert np.allclose(walk.at(1).z, latent(2), atol=1e-6)
    assert (walk.at(0).label, walk.at(1).label) == (0, 2)
    assert (walk.at(0.3).label, walk.at(0.3).toward) == (0, Blend(2, 0.3))
    assert Walk(LatentPoint(latent(1), 1), LatentPoint(latent(2), 1)).at(0.5).toward is None
    assert [walk.there_and_back(time, 2.0) for time in (0, 2, 4)] == pytest.approx([0, 1, 0])


def test_a_film_of_a_walk_loops():
    points = list(walk_points(Walk(LatentPoint(latent(1), 0), LatentPoint(latent(2), 1)), 10))
    assert np.array_equal(points[0].z, latent(1))
    assert np.array_equal(points[5].z, latent(2))
    assert np.allclose(points[1].z, points[9].z)
    assert points[1].toward.share == pytest.approx(points[9].toward.share)
