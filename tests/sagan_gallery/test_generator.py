"""Sampling, and what a wrong model file is told."""

import itertools
import json

import numpy as np
import pytest

from facecam.errors import FacecamError, ModelError
from sagan_gallery.discriminator import Discriminator, attention_of_picture, centre_square
from sagan_gallery.generator import Generator, shipped_generators
from sagan_gallery.latent import latent
from sagan_gallery.opening import read_opening
from sagan_gallery.sample import Blend


def test_a_sample_is_a_picture_with_rows_that_are_distributions(tiny_generator):
    generator = Generator(tiny_generator)
    sample = generator.sample(3, "green")
    assert sample.image.shape == (16, 16, 3)
    assert sample.image.dtype == np.uint8
    assert sample.attention.shape == (64, 16)
    assert (sample.query_grid, sample.key_grid) == ((8, 8), (4, 4))
    assert np.allclose(sample.attention.sum(1), 1, atol=1e-5)
    assert sample.gamma == pytest.approx(0.5)
    assert sample.image[..., 1].mean() > sample.image[..., 0].mean() + 30  # green, as asked


def test_a_seed_is_reproducible_and_equals_its_latent(tiny_generator):
    generator = Generator(tiny_generator)
    assert np.array_equal(generator.sample(5, 1).image, generator.sample(5, 1).image)
    assert np.array_equal(generator.sample(5, 1).image, generator.sample(latent(5), 1).image)
    assert not np.array_equal(generator.sample(5, 1).image, generator.sample(6, 1).image)


def test_truncation_scales_the_latent(tiny_generator):
    generator = Generator(tiny_generator)
    assert np.array_equal(generator.sample(5, 0, truncation=0.5).image, generator.sample(0.5 * latent(5), 0).image)
    z = generator.sample(5, 0, truncation=0.5).z
    assert z is not None
    assert np.allclose(z, 0.5 * latent(5))


def test_attention_can_be_switched_off(tiny_generator):
    generator = Generator(tiny_generator)
    on, off = (generator.sample(1, 0, attention_scale=scale).image.astype(int) for scale in (1, 0))
    assert np.array_equal(on[:, 8:], off[:, 8:])  # the tiny one's attention works on the left half only
    assert (on[:, :8] - off[:, :8]).mean() > 10


def test_pictures_in_one_go_equal_single_samples(tiny_generator):
    generator = Generator(tiny_generator)
    z = np.stack([latent(1), latent(2)])
    pictures = generator.pictures(z, [0, 2])
    assert np.array_equal(pictures[0], generator.sample(1, 0).image)
    assert np.array_equal(pictures[1], generator.sample(2, 2).image)


def test_several_layers_and_no_class(make_generator):
    generator = Generator(make_generator(grids=((4, 4), (8, 4)), conditional=False))
    sample = generator.sample(0)
    assert generator.classes == []
    assert sample.label is None
    assert sample.attention.shape == (16, 16)
    assert sample.with_layer(1).attention.shape == (64, 16)
    assert sample.with_layer(1).gamma == pytest.approx(0.001)


def test_a_class_that_does_not_exist_is_refused_by_name(tiny_generator):
    generator = Generator(tiny_generator)
    with pytest.raises(FacecamError, match="no class pink; it has red, green, blue"):
        generator.sample(0, "pink")
    with pytest.raises(FacecamError, match="there is no 9"):
        generator.sample(0, 9)


def test_a_copy_without_a_generator_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("sagan_gallery.generator.asset", lambda name, _: tmp_path / "none" / name)
    with pytest.raises(FacecamError, match="No generator comes with"):
        Generator()


def grow(onnx, graph):
    names = [graph.input[0].name, *(f"double{step}" for step in range(24)), "balloon"]
    for index, (before, after) in enumerate(itertools.pairwise(names)):
        graph.node.insert(index, onnx.helper.make_node("Concat", [before, before], [after], axis=0))
    graph.output.append(onnx.helper.make_tensor_value_info("balloon", onnx.TensorProto.FLOAT, None))


def loop(onnx, graph):
    graph.node.insert(0, onnx.helper.make_node("Loop", [graph.input[0].name], ["other"]))


@pytest.mark.parametrize(("change", "words"), [(loop, "the operator Loop"), (grow, "more memory than a SAGAN needs")])
def test_files_that_mean_harm_are_refused_whoever_opens_them(tmp_path, tiny_generator, change, words):
    onnx = pytest.importorskip("onnx")
    for name, opened in (("tiny.onnx", Generator), ("tiny-d.onnx", Discriminator)):
        model = onnx.load(str(tiny_generator.with_name(name)))
        change(onnx, model.graph)
        onnx.save(model, str(tmp_path / name))
        with pytest.raises(ModelError, match=words):
            opened(tmp_path / name)


def test_other_onnx_files_are_told_apart(make_generator, tiny_generator, tmp_path):
    onnx = pytest.importorskip("onnx")
    with pytest.raises(FacecamError, match="it is a discriminator"):
        Generator(tiny_generator.with_name("tiny-d.onnx"))
    with pytest.raises(FacecamError, match="format 2"):
        Generator(make_generator(format=2))
    for z_dim in ("x", float("inf"), 10**12, 0):
        with pytest.raises(FacecamError, match="its z_dim is no size"):
            Generator(make_generator(z_dim=z_dim))
    with pytest.raises(FacecamError, match="takes a class, but names none"):
        Generator(make_generator(classes=[]))
    with pytest.raises(FacecamError, match="does not state the grids"):
        Generator(make_generator(attention_layers=[{"query_grid": "x"}]))
    with pytest.raises(FacecamError, match="where its grids say"):
        Generator(make_generator(attention_layers=[{"query_grid": [8, 8], "key_grid": [8, 8]}]))
    model = onnx.load(str(tiny_generator))
    del model.metadata_props[:]
    onnx.save(model, str(tmp_path / "bare.onnx"))
    with pytest.raises(FacecamError, match="no `sagan` metadata"):
        Generator(tmp_path / "bare.onnx")
    onnx.helper.set_model_props(model, {"sagan": "{"})
    onnx.save(model, str(tmp_path / "torn.onnx"))
    with pytest.raises(FacecamError, match="damaged metadata"):
        Generator(tmp_path / "torn.onnx")
    onnx.helper.set_model_props(model, {"sagan": json.dumps([1])})
    onnx.save(model, str(tmp_path / "list.onnx"))
    with pytest.raises(FacecamError, match="not an object"):
        Generator(tmp_path / "list.onnx")


def test_a_file_that_lacks_what_the_gallery_shows_is_told_so(make_generator):
    with pytest.raises(FacecamError, match="does not state the grids"):
        Generator(make_generator(attention_layers=None))
    with pytest.raises(FacecamError, match="it has no input label_to"):
        Generator(make_generator(blends=False))


# The discriminator


@pytest.mark.parametrize("label", [-1, 99])
def test_an_own_picture_is_taken_for_a_class_that_there_is(label):
    with pytest.raises(FacecamError, match=rf"has the classes 0 to \d+, there is no {label}\."):
        attention_of_picture(np.zeros((64, 64, 3), np.uint8), label)


def test_an_own_picture_goes_through_the_discriminator(tiny_generator):
    discriminator = Discriminator.beside(Generator(tiny_generator))
    white = discriminator.attend(np.full((30, 50, 3), 255, np.uint8))
    black = discriminator.attend(np.zeros((30, 50, 3), np.uint8))
    assert white.image.shape == (16, 16, 3)
    assert white.score == pytest.approx(1)
    assert black.score == pytest.approx(-1)
    assert np.allclose(white.attention.sum(1), 1, atol=1e-5)
    assert not np.allclose(white.attention, black.attention)
    again = attention_of_picture(np.zeros((30, 50, 3), np.uint8), discriminator=discriminator)
    assert np.array_equal(again.attention, black.attention)


def test_no_discriminator_beside_the_generator(make_generator):
    with pytest.raises(FacecamError, match=r"needs the discriminator made-d.onnx"):
        Discriminator.beside(Generator(make_generator()))
    with pytest.raises(FacecamError, match="it is not a discriminator"):
        Discriminator(make_generator())


@pytest.mark.parametrize("side", [7, 16, 40, 100])
def test_resizing_keeps_the_mean_and_the_left_right_order(side):
    picture = np.zeros((side, side + 9, 3), np.uint8)
    picture[:, (side + 9) // 2 :] = 200
    small = centre_square(picture, 16)
    assert small.shape == (16, 16, 3)
    assert small[:, 0].max() == 0
    assert small[:, -1].min() == 200
    even = np.full((side, side + 9, 3), 200, np.uint8)
    assert (centre_square(even, 16) == 200).all()


def test_shrinking_is_area_averaging():
    picture = np.arange(64 * 3, dtype=np.uint8).reshape(8, 8, 3)
    expected = picture.reshape(4, 2, 4, 2, 3).mean((1, 3))
    assert np.array_equal(centre_square(picture, 4), np.rint(expected))


def test_between_two_classes_lies_a_blend_of_both(tiny_generator):
    generator = Generator(tiny_generator)
    z = np.zeros(generator.z_dim, np.float32)
    red, green = (generator.sample(z, name).image[0, 0].astype(int) for name in ("red", "green"))
    half = generator.sample(z, "red", toward=Blend(1, 0.5)).image[0, 0].astype(int)
    assert np.abs(half - (red + green) / 2).max() <= 1
    assert np.abs(red - green).max() > 60


def test_openvino_samples_the_same_however_many_at_once(tiny_generator):
    pytest.importorskip("openvino")
    ours, other = Generator(tiny_generator), Generator(tiny_generator)
    other.use_openvino()
    a, b = ours.sample(3, "green"), other.sample(3, "green")
    assert np.allclose(a.attention, b.attention, atol=1e-4)
    latents = np.stack([latent(seed) for seed in range(4)])
    for count in (2, 4, 2):
        pictures = [each.pictures(latents[:count], [0] * count).astype(int) for each in (ours, other)]
        assert np.abs(pictures[0] - pictures[1]).max() <= 1


@pytest.mark.parametrize("name", shipped_generators())
def test_a_shipped_generator_comes_with_24_samples_as_many_of_each_class_and_directions_to_play_in(name):
    generator = Generator(name)
    opening = read_opening(generator)
    assert sorted(str(spec.label) for spec in opening.specs) == sorted(24 // len(generator.classes) * generator.classes)
    assert {spec.truncation for spec in opening.specs} == {0.8}
    assert opening.directions.shape == (4, generator.z_dim)
    assert np.allclose(np.linalg.norm(opening.directions, axis=1), 1, atol=1e-3)


@pytest.mark.parametrize("seed", [-1, 2**32, float("nan"), float("inf"), "seven"])
def test_what_is_no_seed_is_told(tiny_generator, seed):
    with pytest.raises(FacecamError, match="seed is a whole number from 0 to"):
        Generator(tiny_generator).sample(seed)


def test_numbers_that_would_paint_black_are_told(tiny_generator):
    generator = Generator(tiny_generator)
    for words, z, more in (
        ("holds finite numbers", np.full(128, np.nan), {}),
        ("holds finite numbers", np.array(["a"] * 128), {}),
        ("one latent, not of 2", np.zeros((2, 128)), {}),
        ("truncation is a finite number", 1, {"truncation": float("nan")}),
        ("truncation is a finite number", 1, {"truncation": None}),
        ("attention scale is a finite number", 1, {"attention_scale": float("inf")}),
    ):
        with pytest.raises(FacecamError, match=words):
            generator.sample(z, **more)


@pytest.mark.parametrize(
    "picture", [None, [[1]], np.zeros((8, 8, 3)), np.zeros((8, 8, 3), np.uint16), np.zeros((8, 8), np.uint8)]
)
def test_what_is_no_picture_is_told(picture):
    with pytest.raises(FacecamError, match=r"\(H, W, 3\)"):
        attention_of_picture(picture)


def test_samples_can_be_compared_and_counted(tiny_generator):
    sample, other = (Generator(tiny_generator).sample(seed) for seed in (1, 2))
    assert sample != other
    assert len({sample, other, sample}) == 2
