"""A made data set in the WIDER FACE layout: noise, with bright discs for faces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facecam.system.opencv import cv2


@pytest.fixture(scope="session")
def wider(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve pictures of 160 x 128 for training and four for validation; every third has no face."""
    root = tmp_path_factory.mktemp("wider")
    rng = np.random.default_rng(7)
    (root / "wider_face_split").mkdir()
    for split, count in (("train", 12), ("val", 4)):
        lines = []
        for index in range(count):
            event = "0--human" if index % 3 else "3--none"
            name = f"{event}/made_{index:04d}.png"
            path = root / f"WIDER_{split}" / "images" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            image = rng.integers(0, 90, (128, 160, 3)).astype(np.uint8)
            rows = []
            if event == "0--human":
                for invalid in (0, 0, 1):
                    size = int(rng.integers(24, 56))
                    x, y = int(rng.integers(0, 160 - size)), int(rng.integers(0, 128 - size))
                    cv2.circle(image, (x + size // 2, y + size // 2), size // 2, (200, 220, 255), -1)
                    rows.append(f"{x} {y} {size} {size} 0 0 0 {invalid} 0 0")
            assert cv2.imwrite(str(path), image)
            lines += [name, str(len(rows)), *(rows or ["0 0 0 0 0 0 0 0 0 0"])]
        (root / "wider_face_split" / f"wider_face_{split}_bbx_gt.txt").write_text("\n".join(lines) + "\n")
    return root
