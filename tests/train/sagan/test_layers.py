"""The layers do what the paper's do, however they compute it."""

import pytest
import torch
import torch.nn.functional as F

from train.sagan.layers import ConditionalBatchNorm, Conv, SpectralNorm, refresh_spectral_norms
from train.sagan.self_attention import SelfAttention


@pytest.mark.parametrize("kernel", [3, 1])
@pytest.mark.parametrize(("resize", "side"), [("up", 16), ("down", 4)])
def test_folded_convolution_is_the_plain_one(resize: str, side: int, kernel: int) -> None:
    torch.manual_seed(0)
    conv = Conv(3, 5, kernel, resize)
    assert conv.bias is not None
    torch.nn.init.normal_(conv.bias)
    x = torch.randn(2, 3, 8, 8)
    before = F.interpolate(x, scale_factor=2) if resize == "up" else x
    plain = F.conv2d(before, conv.kernel(), conv.bias, padding=kernel // 2)
    plain = plain if resize == "up" else F.avg_pool2d(plain, 2)
    assert plain.shape == (2, 5, side, side)
    torch.testing.assert_close(conv(x), plain, atol=1e-5, rtol=1e-5)


def test_power_iteration_finds_the_spectral_norm() -> None:
    torch.manual_seed(0)
    norm = SpectralNorm(torch.empty(6, 4, 3, 3))
    with torch.no_grad():
        norm.weight.normal_()
    refresh_spectral_norms(norm, 50)
    largest = torch.linalg.svdvals(norm.weight.detach().flatten(1))[0]
    torch.testing.assert_close(norm.sigma().detach(), largest, rtol=1e-4, atol=0)
    assert torch.linalg.svdvals(norm().detach().flatten(1))[0].item() == pytest.approx(1, rel=1e-4)


def test_gradient_goes_through_the_norm() -> None:
    """A step along the weight itself changes nothing after division, so the gradient is orthogonal to the weight."""
    torch.manual_seed(0)
    norm = SpectralNorm(torch.empty(6, 8))
    with torch.no_grad():
        norm.weight.normal_()
    refresh_spectral_norms(norm, 50)
    (norm() * torch.randn(6, 8)).sum().backward()
    assert norm.weight.grad is not None
    assert abs((norm.weight.grad * norm.weight).sum().item()) < 1e-4


def test_attention_starts_as_identity_and_scales() -> None:
    torch.manual_seed(0)
    layer = SelfAttention(16)
    x = torch.randn(2, 16, 8, 8)
    out, rows = layer(x)
    torch.testing.assert_close(out, x)
    assert rows.shape == (2, 64, 16)
    torch.testing.assert_close(rows.sum(2), torch.ones(2, 64))
    with torch.no_grad():
        layer.gamma.fill_(0.5)
    once, twice = (layer(x, scale)[0] - x for scale in (1.0, 2.0))
    assert once.abs().max() > 0.01
    torch.testing.assert_close(twice, 2 * once)
    torch.testing.assert_close(layer(x, 0.0)[0], x)


def test_attention_reads_the_values_of_the_cells_it_looks_at() -> None:
    """With queries and keys that agree only in one key cell, every query reads that cell's value."""
    layer = SelfAttention(8)
    with torch.no_grad():
        for part in (layer.query, layer.key, layer.value, layer.output):
            part.kernel.enabled = False
            part.kernel.weight.zero_()
        layer.query.kernel.weight[0, 0] = layer.key.kernel.weight[0, 1] = 30.0
        layer.value.kernel.weight[0, 2] = layer.output.kernel.weight[2, 0] = 1.0
        layer.gamma.fill_(1.0)
    x = torch.zeros(1, 8, 4, 4)
    x[:, 0] = 1.0
    x[0, 1, 3, 0] = 1.0  # the one key that fits, in key cell (1, 0)
    x[0, 2, 2, 1] = 7.0  # in the same key cell
    out, rows = layer(x)
    torch.testing.assert_close(rows[0, :, 2], torch.ones(16))
    torch.testing.assert_close((out - x)[0, 2], torch.full((4, 4), 7.0))


def test_classes_have_gains_and_biases_of_their_own() -> None:
    torch.manual_seed(0)
    norm = ConditionalBatchNorm(4, 2)
    with torch.no_grad():
        norm.bias[1] = 3.0
    x = torch.randn(8, 4, 5, 5)
    plain, shifted = norm(x, torch.zeros(8, dtype=torch.long)), norm(x, torch.ones(8, dtype=torch.long))
    normalised = (x - x.mean((0, 2, 3), keepdim=True)) / x.std((0, 2, 3), unbiased=False, keepdim=True)
    torch.testing.assert_close(plain, normalised.relu(), atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(shifted, (normalised + 3).relu(), atol=1e-3, rtol=1e-3)
