"""Reading of the WIDER FACE text ground truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facecam.bench.wider_labels import LabelError, read_wider

GOOD = """0--Parade/a.jpg
3
10 20 30 40 0 0 0 0 0 0
1 2 3 4 2 0 1 1 2 0
5 5 0 9 0 0 0 0 0 0
0--Parade/none.jpg
0
0 0 0 0 0 0 0 0 0 0
1--Handshaking/b_7.jpg
0
1--Handshaking/c_8.jpg
1
0 0 8 9 0 0 0 0 0 0 \n"""


def read(tmp_path: Path, text: str) -> list:
    file = tmp_path / "gt.txt"
    file.write_text(text, encoding="utf-8")
    return read_wider(file, tmp_path / "images")


def test_boxes_become_corners_and_invalid_ones_are_ignored(tmp_path: Path) -> None:
    first = read(tmp_path, GOOD)[0]
    assert first.path == tmp_path / "images" / "0--Parade" / "a.jpg"
    assert first.event == "0--Parade"
    np.testing.assert_array_equal(first.boxes, [[10, 20, 40, 60], [1, 2, 4, 6]])  # the box without a width is gone
    np.testing.assert_array_equal(first.ignore, [False, True])


def test_pictures_without_faces_with_and_without_the_row_of_zeros(tmp_path: Path) -> None:
    pictures = read(tmp_path, GOOD)
    assert [item.name for item in pictures] == [
        "0--Parade/a.jpg",
        "0--Parade/none.jpg",
        "1--Handshaking/b_7.jpg",
        "1--Handshaking/c_8.jpg",
    ]
    assert [len(item.boxes) for item in pictures] == [2, 0, 0, 1]
    assert pictures[1].boxes.shape == (0, 4)
    assert pictures[2].source == "b"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("0--A/a.jpg\nmany\n", 2),
        ("0--A/a.jpg\n2\n1 2 3 4 0 0 0 0 0 0\n", 3),
        ("0--A/a.jpg\n1\n1 2 3 4 0 0 0 0 0\n", 3),
        ("0--A/a.jpg\n1\n1 2 3 nan 0 0 0 0 0 0\n", 3),
        ("0--A/a.jpg\n1\n1 2 3 4 0 0 0 0 0 0\n5 6 7 8 0 0 0 0 0 0\n", 4),
        ("0--A/a.jpg\n", 1),
    ],
)
def test_damage_is_told_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(LabelError, match=rf"line {line}:"):
        read(tmp_path, text)


def test_a_missing_file_and_an_empty_one_are_told(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"nowhere\.txt"):
        read_wider(tmp_path / "nowhere.txt", tmp_path)
    with pytest.raises(LabelError, match="names no pictures"):
        read(tmp_path, "\n")
