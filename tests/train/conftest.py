"""What holds for all tests of the training."""

from __future__ import annotations

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Small tensors: more threads only wait for each other, and take the core from the tests beside them."""
    torch.set_num_threads(1)
