"""DiffAugment changes pictures as it says, and lets gradients through."""

import torch

from train.sagan.augment import cutout, diff_augment, translate


def test_translation_shifts_whole_pictures_with_zeros_coming_in() -> None:
    torch.manual_seed(0)
    images = torch.rand(40, 2, 16, 12) + 0.5
    shifted = translate(images, 0.25, torch.Generator().manual_seed(1))
    shifts = set()
    for image, moved in zip(images, shifted, strict=True):
        found = [
            (down, across)
            for down in range(-4, 5)
            for across in range(-3, 4)
            if torch.equal(moved, place(image, down, across))
        ]
        assert len(found) == 1
        shifts.add(found[0])
    assert len(shifts) > 20


def place(image: torch.Tensor, down: int, across: int) -> torch.Tensor:
    """The picture (C, H, W) moved by whole pixels."""
    height, width = image.shape[1:]
    out = torch.zeros_like(image)
    out[:, max(0, down) : height + min(0, down), max(0, across) : width + min(0, across)] = image[
        :, max(0, -down) : height - max(0, down), max(0, -across) : width - max(0, across)
    ]
    return out


def test_cutout_blanks_one_rectangle() -> None:
    cut = cutout(torch.ones(64, 3, 16, 16), 0.5, torch.Generator().manual_seed(1))
    for picture in cut:
        assert torch.equal(picture[0], picture[2])
        rows, columns = torch.nonzero(picture[0] == 0, as_tuple=True)
        height, width = rows.max() - rows.min() + 1, columns.max() - columns.min() + 1
        assert len(rows) == height * width
        assert max(height, width) <= 8
    assert (cut[:, 0] == 0).sum((1, 2)).max() == 64


def test_gradients_reach_the_pixels_that_are_left() -> None:
    images = torch.rand(4, 3, 16, 16, requires_grad=True)
    out = diff_augment(images, generator=torch.Generator().manual_seed(0))
    out.sum().backward()
    assert images.grad is not None
    assert set(images.grad.unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close((images * images.grad).sum(), out.sum())


def test_no_strength_changes_nothing() -> None:
    images = torch.rand(2, 3, 8, 8)
    assert torch.equal(diff_augment(images, 0.0, 0.0), images)
