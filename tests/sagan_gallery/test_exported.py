"""Files that the training code writes open in the gallery."""

import numpy as np
import pytest

from facecam.errors import FacecamError
from sagan_gallery.generator import Generator

export = pytest.importorskip("train.sagan.export", reason="the training packages are not installed")
made = pytest.importorskip("tests.train.sagan.made", reason="the training packages are not installed")


def save(path, classes, attention):
    names = [f"class {number}" for number in range(classes)] if classes > 1 else []
    export.export_generator(made.made_generator(classes, attention), path, {"classes": names})


@pytest.mark.parametrize(("classes", "attention"), [(3, (16,)), (1, (8, 16))])
def test_an_exported_generator_samples_with_all_its_layers(tmp_path, classes, attention):
    save(tmp_path / "made.onnx", classes, attention)
    generator = Generator(tmp_path / "made.onnx")
    assert len(generator.classes) == (classes if classes > 1 else 0)
    sample = generator.sample(3)
    assert [layer.query_grid for layer in sample.layers] == [(side, side) for side in attention]
    for layer in sample.layers:
        assert np.allclose(layer.attention.sum(1), 1, atol=1e-3)
        assert layer.gamma == pytest.approx(0.8)
    assert not np.array_equal(sample.image, generator.sample(3, attention_scale=0.0).image)


def test_a_generator_without_attention_is_told_so(tmp_path):
    save(tmp_path / "made.onnx", 3, ())
    with pytest.raises(FacecamError, match="no attention layer"):
        Generator(tmp_path / "made.onnx")
