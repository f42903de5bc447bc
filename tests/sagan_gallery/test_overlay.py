"""Maps as pixels: ranges, smoothing, contours, the difference view, and what is written to files."""

import numpy as np
import pytest

from facecam.errors import FacecamError
from sagan_gallery.attention import mass_mask
from sagan_gallery.colormap import NAMES, lookup
from sagan_gallery.export import save_attention, write_gif, write_webp
from sagan_gallery.overlay import (
    DIFFERENCE_LEVELS,
    Range,
    contour,
    difference_rgb,
    enlarged,
    heat_alpha,
    heat_rgba,
    mean_change,
    smoothed,
)
from tests.sagan_gallery.made import made_sample


@pytest.mark.parametrize("name", NAMES)
def test_colour_maps_get_steadily_lighter(name):
    lightness = lookup(name).astype(float) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) > -1).all()
    assert lightness[-1] - lightness[0] > 150


def test_a_linear_and_a_logarithmic_range():
    weights = np.array([[0.0, 0.001, 0.05, 0.1]], np.float32)
    linear, log = Range.of(weights), Range.of(weights, log=True)
    assert linear.place(weights).tolist() == [pytest.approx([0, 0.01, 0.5, 1], abs=1e-6)]
    assert log.place(weights)[0, [0, 3]].tolist() == pytest.approx([0, 1])
    assert log.place(np.array([0.01], np.float32))[0] == pytest.approx(2 / 3)
    for place in (0, 0.3, 1):
        for which in (linear, log):
            assert which.place(np.array([which.value(place)]))[0] == pytest.approx(place, abs=1e-5)


def test_an_empty_map_does_not_divide_by_zero():
    for log in (False, True):
        assert Range.of(np.zeros((2, 2), np.float32), log).place(np.zeros((2, 2), np.float32)).max() == 0


def test_smoothing_keeps_cell_centres_and_stays_within_the_values():
    weights = np.random.default_rng(0).random((16, 16), np.float32)
    fine = smoothed(weights, (48, 48))
    assert np.allclose(fine[1::3, 1::3], weights, atol=1e-6)
    assert fine.min() >= weights.min() - 1e-6
    assert fine.max() <= weights.max() + 1e-6


def test_smoothing_and_enlarging_continue_the_edge():
    weights = np.random.default_rng(0).random((8, 16), np.float32)
    fine = smoothed(weights, (40, 80))
    assert fine.shape == (40, 80)
    assert np.allclose(fine[:2, 2::5], weights[0], atol=1e-6)
    image = np.random.default_rng(0).integers(0, 256, (6, 9, 3), np.uint8)
    beyond = np.pad(image, ((4, 4), (4, 4), (0, 0)), mode="edge")
    assert np.array_equal(enlarged(image, 3), enlarged(beyond, 3)[12:-12, 12:-12])


def test_enlarging_goes_through_the_pixels_and_keeps_the_axes_apart():
    image = np.random.default_rng(0).integers(0, 256, (6, 9, 3), np.uint8)
    large = enlarged(image, 3)
    assert large.shape == (18, 27, 3)
    assert np.array_equal(large[1::3, 1::3], image)  # an odd factor has a pixel in the middle of each old one
    assert np.array_equal(enlarged(np.full((4, 4, 3), 77, np.uint8), 4), np.full((16, 16, 3), 77))


def test_heat_pixels_are_premultiplied_and_clear_where_nothing_is():
    places = np.array([[0.0, 1.0]], np.float32)
    rgba = heat_rgba(places, "magma", heat_alpha(Range(0.0, 0.5), even=0.01, opacity=0.5, by_place=False))
    assert rgba[0, 0].tolist() == [0, 0, 0, 0]
    assert rgba[0, 1, 3] == 128
    assert (rgba[..., :3] <= rgba[..., 3:]).all()
    assert heat_rgba(places, "magma")[0, :, 3].tolist() == [255, 255]


def test_an_even_map_hides_little_of_the_picture_and_the_contrast_can_be_stretched():
    weights = np.full((8, 8), 1 / 64, np.float32) + np.linspace(0, 1e-4, 64, dtype=np.float32).reshape(8, 8)
    even = heat_alpha(Range.of(weights), float(weights.mean()), 0.75, by_place=False)
    assert even[-1] < 0.4
    peaked = heat_alpha(Range(0.0, 0.9), 1 / 64, 0.75, by_place=False)
    assert peaked[-1] == pytest.approx(0.75)
    assert (np.diff(peaked) >= 0).all()
    stretched = Range.of(weights, stretch=True)
    assert stretched.place(weights).ravel()[[0, -1]].tolist() == pytest.approx([0, 1], abs=1e-4)
    assert np.isfinite(Range.of(np.full((2, 2), 0.25, np.float32), stretch=True).place(weights)).all()


@pytest.mark.parametrize("high", [0.006, 0.05, 0.9])
def test_opacity_rises_from_nothing_without_a_step(high):
    for values, by_place in ((Range(0.0, high), False), (Range(high / 1000, high, log=True), True)):
        levels = 255 * heat_alpha(values, even=1 / 256, opacity=1.0, by_place=by_place)
        assert levels[0] == 0
        assert np.diff(levels).max() <= 4.2


def test_a_contour_goes_round_the_cells_above_the_level():
    field = np.zeros((9, 9), np.float32)
    field[3:6, 2:7] = 1.0
    (line,) = contour(field, 0.5)
    assert (line[:, 0].min(), line[:, 0].max()) == (2, 7)
    assert (line[:, 1].min(), line[:, 1].max()) == (3, 6)
    assert np.array_equal(line[0], line[-1])  # closed
    assert (np.unique(line[1:], axis=0, return_counts=True)[1] == 1).all()  # once round


def test_contours_of_any_field_are_closed_even_at_the_edges():
    field = np.random.default_rng(1).random((16, 16), np.float32)
    lines = contour(field, 0.6)
    assert len(lines) > 5
    for line in lines:
        assert np.array_equal(line[0], line[-1])


def test_the_difference_is_grey_where_nothing_changes_and_has_one_scale_for_all_pictures():
    image = np.full((4, 4, 3), 100, np.uint8)
    other = image.copy()
    other[0, 0] = 90
    picture = difference_rgb(image, other)
    assert picture[3, 3].tolist() == [128, 128, 128]
    assert picture[0, 0, 0] == round(128 + 10 * 127 / DIFFERENCE_LEVELS)
    assert difference_rgb(image, np.zeros_like(image)).min() == 255
    assert mean_change(image, other) == pytest.approx(10 / 16)
    assert mean_change(other, other) == 0


def test_raw_attention_can_be_read_back_without_pickle(tmp_path):
    sample = made_sample(8, 4)
    path = tmp_path / "raw.npz"
    save_attention(path, sample, [(1.0, 2.0)], "sagan64:ab12cd34 seed=1")
    with np.load(path, allow_pickle=False) as data:
        assert np.array_equal(data["attention_1"], sample.attention)
        assert data["query_grid_1"].tolist() == [8, 8]
        assert np.array_equal(data["image"], sample.image)
        assert data["pins"].tolist() == [[1, 2]]
        assert str(data["source"]) == "sagan64:ab12cd34 seed=1"
    assert mass_mask(sample.attention[:1], 0.5).any()


def test_a_gif_holds_all_pictures_at_their_rate(tmp_path):
    pillow = pytest.importorskip("PIL.Image")
    pictures = [enlarged(np.full((4, 4, 3), 60 * i, np.uint8), 3) for i in range(4)]
    shares = list(write_gif(tmp_path / "walk.gif", iter(pictures), len(pictures), 25))
    assert shares == sorted(shares)
    assert shares[-1] == 1
    with pillow.open(tmp_path / "walk.gif") as gif:
        assert (gif.n_frames, gif.size, gif.info["duration"], gif.info["loop"]) == (4, (12, 12), 40, 0)
        gif.seek(2)
        assert gif.convert("RGB").getpixel((5, 5)) == (120, 120, 120)


def test_a_file_that_cannot_be_written_is_told_in_one_sentence(tmp_path):
    sample = made_sample(8, 4)
    with pytest.raises(FacecamError, match="can't be written"):
        save_attention(tmp_path / "none" / "raw.npz", sample)


def test_a_film_of_200_frames_with_maps_takes_less_than_4_mb(tmp_path):
    """As large as a walk's film with four pins, of patterns that move in every frame."""
    pytest.importorskip("PIL.Image")
    random = np.random.default_rng(0)
    first, last = (enlarged(random.integers(0, 256, (32, 65, 3), np.uint8), 8) for _ in range(2))
    shares = 0.5 - 0.5 * np.cos(np.linspace(0, 2 * np.pi, 200))
    pictures = (np.rint((1 - share) * first + share * last).astype(np.uint8) for share in shares)
    assert max(write_webp(tmp_path / "walk.webp", pictures, 200, 25)) == 1
    assert (tmp_path / "walk.webp").stat().st_size < 4e6


def test_colours_can_begin_at_what_an_even_map_has():
    weights = np.array([[0.1, 0.2, 0.3, 0.4]], np.float32)
    values = Range.of(weights, above_even=True)
    assert (values.low, values.high) == (pytest.approx(0.25), pytest.approx(0.4))
    assert values.place(weights).ravel() == pytest.approx([0, 0, 1 / 3, 1], abs=1e-5)
    even = Range.of(np.full((2, 2), 0.25, np.float32), above_even=True)
    assert even.low < even.high
