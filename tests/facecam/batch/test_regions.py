"""Regions of a file: found, kept in a file, changed by hand, doubted, and used again instead of the detector."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile

from facecam.batch.doubts import Reason, doubts
from facecam.batch.regions import SCHEMA, Region, RegionFinder, Regions, load_regions, regions_path, save_regions
from facecam.cli import main
from facecam.errors import FacecamError
from facecam.faces.boxes import Detections
from facecam.sources import Frame, open_source
from tests.clips import write_clip
from tests.doubles import found, read_all
from tests.facecam.conftest import Run

MakeFrame = Callable[..., np.ndarray]
FACE = (100.0, 100.0, 140.0, 140.0)
NONE: tuple[Detections, list[int]] = (Detections.none(), [])


def regions_of(*frames: tuple[Detections, Sequence[int]], tmp_path: Path, threshold: float = 0.5) -> Regions:
    """Of frames of 640 x 480 at 10 a second: what was found in each, and which of that was hidden."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"clip")
    finder = RegionFinder(threshold)
    image = np.zeros((480, 640, 3), np.uint8)
    for index, (detections, hidden) in enumerate(frames):
        finder.add(Frame(image, index, index / 10, 0.0), detections, detections.boxes[list(hidden)])
    return finder.regions(path, "tiny")


def test_a_face_that_moves_is_one_region(tmp_path: Path) -> None:
    frames = [(found((100 + 5 * at, 100, 140 + 5 * at, 140, 0.9)), [0]) for at in range(5)]
    (region,) = regions_of(*frames, tmp_path=tmp_path).regions
    assert (region.first, region.last, region.hidden, region.by_hand) == (0, 4, True, False)
    assert region.box(3) == (115, 100, 155, 140)
    assert region.box(5) is None


def test_a_candidate_is_a_region_that_is_not_hidden(tmp_path: Path) -> None:
    regions = regions_of((found((*FACE, 0.9), (300, 300, 330, 330, 0.22)), [0]), tmp_path=tmp_path)
    assert [region.hidden for region in regions.regions] == [True, False]
    assert [doubt.reason for doubt in doubts(regions)] == [Reason.OPEN]


def test_what_flickers_is_one_region(tmp_path: Path) -> None:
    frames = [(found((100 + 3 * at, 100, 120 + 3 * at, 120, 0.3)), [0]) if at % 3 == 0 else NONE for at in range(10)]
    (region,) = regions_of(*frames, tmp_path=tmp_path).regions
    assert (region.first, region.last, region.hidden) == (0, 9, True)
    assert region.box(4) == (112, 100, 132, 120)


def test_doubts_of_a_face_that_comes_and_goes_in_mid_picture(tmp_path: Path) -> None:
    face = (found((*FACE, 0.9)), [0])
    told = doubts(regions_of(NONE, NONE, face, face, NONE, NONE, tmp_path=tmp_path))
    assert [(doubt.reason, doubt.frame) for doubt in told] == [(Reason.ENDS, 4), (Reason.APPEARS, 1)]


def test_who_walks_in_and_out_is_in_no_doubt(tmp_path: Path) -> None:
    face = (found((0, 100, 40, 140, 0.9)), [0])
    assert doubts(regions_of(NONE, face, NONE, tmp_path=tmp_path)) == []


def test_candidates_come_first_and_the_likeliest_of_them(tmp_path: Path) -> None:
    here = found((*FACE, 0.3), (300, 300, 330, 330, 0.21), (500, 300, 530, 330, 0.24))
    told = doubts(regions_of((here, [0]), tmp_path=tmp_path))
    assert [doubt.reason for doubt in told] == [Reason.OPEN, Reason.OPEN, Reason.WEAK]
    assert [round(doubt.score, 2) for doubt in told] == [0.24, 0.21, 0.3]


def test_what_was_decided_by_hand_is_in_no_doubt(tmp_path: Path) -> None:
    regions = regions_of((found((*FACE, 0.22)), []), tmp_path=tmp_path)
    assert doubts(regions)
    assert not doubts(regions.changed(0, replace(regions.regions[0], hidden=True, decided=True)))
    assert not doubts(regions.changed(0).joined(Region(0, 0, (FACE,))))


def test_a_cut_between_scenes_is_one_doubt(tmp_path: Path) -> None:
    """Four faces of one scene go, and stay hidden for a moment; three of the next one come."""
    before = found(*((100 + 120 * at, 100, 140 + 120 * at, 140, 0.9) for at in range(4)))
    after = found(*((60 + 150 * at, 300, 110 + 150 * at, 350, 0.9) for at in range(3)))
    finder = RegionFinder(0.5)
    image = np.zeros((480, 640, 3), np.uint8)
    for number in range(60):
        seen = before if number < 30 else after
        held = [before.boxes] if 30 <= number < 37 else []
        finder.add(Frame(image, number, number / 10, 0.0), seen, np.concatenate([seen.boxes, *held]))
    (tmp_path / "clip.mp4").write_bytes(b"clip")
    regions = finder.regions(tmp_path / "clip.mp4", "tiny")
    (doubt,) = doubts(regions)
    assert sorted([doubt.region, *doubt.also]) == list(range(7))
    for index in (doubt.region, *doubt.also):
        regions = regions.changed(index, replace(regions.regions[index], decided=True))
    assert doubts(regions) == []


def test_faces_that_come_and_go_one_after_the_other_are_doubts_each(tmp_path: Path) -> None:
    one, two = found((*FACE, 0.9)), found((*FACE, 0.9), (300, 300, 350, 350, 0.9))
    frames = [(two, [0, 1]) if 5 <= number < 20 else (one, [0]) for number in range(30)]
    told = doubts(regions_of(*frames, tmp_path=tmp_path))
    assert [(doubt.reason, doubt.frame) for doubt in told] == [(Reason.ENDS, 20), (Reason.APPEARS, 4)]


def test_a_file_of_regions_is_what_was_written(tmp_path: Path) -> None:
    regions = regions_of((found((*FACE, 0.9)), [0]), tmp_path=tmp_path).joined(Region(0, 0, (FACE,)))
    regions.hidden_in(0)
    save_regions(regions, tmp_path / "clip.regions.json")
    assert load_regions(tmp_path / "clip.regions.json", tmp_path / "clip.mp4") == regions
    assert json.loads((tmp_path / "clip.regions.json").read_text())["schema"] == SCHEMA


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": 2}', '{"schema": 1, "regions": NaN}', "[" * 100_000])
def test_what_is_no_file_of_regions_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "clip.regions.json"
    path.write_text(content)
    with pytest.raises(FacecamError, match="regions"):
        load_regions(path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"last": 5, "boxes": [FACE, FACE], "scores": []}, "don't fit"),
        ({"boxes": [[140, 100, 100, 140]]}, "hides nothing"),
        ({"boxes": [[100, 140, 140, 100]]}, "hides nothing"),
        ({"boxes": [[100, 100, 100, 140]]}, "hides nothing"),
        ({"boxes": [[0.15, 0.2, 0.22, 0.3]]}, "pixels"),
        ({"boxes": [[0, 0, 1, 1]]}, "pixels"),
        ({"boxes": [[-100, 100, -60, 140]]}, "hides nothing"),
        ({"first": 1, "last": 1}, "hides nothing"),
    ],
)
def test_a_region_by_hand_that_can_not_be_is_told(tmp_path: Path, change: dict[str, object], told: str) -> None:
    """A face whose corners were written the other way round would be left in view."""
    path = tmp_path / "clip.regions.json"
    save_regions(regions_of((found((*FACE, 0.9)), [0]), tmp_path=tmp_path), path)
    content = json.loads(path.read_text())
    content["regions"][0].update(change)
    path.write_text(json.dumps(content))
    with pytest.raises(FacecamError, match=told):
        load_regions(path)


# With the command


@pytest.fixture
def clip(tmp_path: Path, make_frame: MakeFrame) -> Path:
    """12 frames of 320 x 240 with a face at (4, 3)."""
    return write_clip(tmp_path / "clip.mkv", [make_frame((4, 3), width=320, height=240)] * 12)


def brightest(path: Path, column: int, row: int) -> list[int]:
    inner = slice(row * 32 + 4, row * 32 + 28), slice(column * 32 + 4, column * 32 + 28)
    return [int(frame.image[inner].max()) for frame in read_all(open_source(str(path)))]


def test_a_run_is_repeated_by_its_regions_without_the_detector(detect: Run, tmp_path: Path, clip: Path) -> None:
    regions = tmp_path / "found.json"
    command = [clip, "--hide", "cover", "--regions", regions]
    assert detect(*command)[0] == 0  # finds them, and makes no copy
    first = load_regions(regions, clip)
    assert len(first.times_s) == 12
    hand = Region(3, 6, ((256.0, 32.0, 288.0, 64.0),))
    changed = first.changed(0, replace(first.regions[0], hidden=False, decided=True)).joined(hand)
    save_regions(changed, regions)
    status, _, errors = detect(*command, "--out", tmp_path / "out")
    assert status == 0
    assert "; 0.0 ms a detection" in errors[-1]
    copy = tmp_path / "out" / "clip.mkv"
    assert min(brightest(copy, 4, 3)) > 200  # taken out by hand
    assert [value > 20 for value in brightest(copy, 8, 1)] == [3 <= number <= 6 for number in range(12)]
    assert load_regions(regions_path(copy), clip) == changed


def test_regions_come_from_standard_input(tmp_path: Path, clip: Path, tiny_model: Path) -> None:
    """As from a program that draws them."""
    regions = tmp_path / "found.json"
    command = ["detect", str(clip), "--hide", "cover", "--model", str(tiny_model), "--regions"]
    assert main([*command, str(regions)]) == 0
    command = [sys.executable, "-m", "facecam", *command, "-", "--out", str(tmp_path / "out")]
    told = subprocess.run(command, input=regions.read_bytes(), capture_output=True, timeout=120)
    assert told.returncode == 0, told.stderr
    assert b"0.0 ms a detection" in told.stderr
    assert max(brightest(tmp_path / "out" / "clip.mkv", 4, 3)) < 90
    for given in (b"", b"[]"):
        told = subprocess.run(command, input=given, capture_output=True, timeout=120)
        assert told.returncode == 2
        assert b"no regions that can be read" in told.stderr


def test_the_first_copy_hides_what_its_regions_say(detect: Run, tmp_path: Path, make_frame: MakeFrame) -> None:
    """A doubtful face that flickers is hidden throughout, at once as by the regions that are kept."""
    sure = make_frame((4, 3), width=320, height=240)
    frames = [sure // 255 * (230 if number % 4 < 2 else 200) for number in range(12)]
    path = write_clip(tmp_path / "flicker.mkv", frames)
    command = [path, "--hide", "cover", "--size", "native", "--regions", tmp_path / "found.json"]
    for out in ("first", "second"):
        assert detect(*command, "--out", tmp_path / out, "--json", tmp_path / f"{out}.jsonl")[0] == 0
    assert (tmp_path / "first.jsonl").read_text().count('"frame"') == 12  # and that MJPEG becomes H.264
    first, second = (brightest(tmp_path / out / "flicker.mkv", 4, 3) for out in ("first", "second"))
    assert first == second
    assert max(first[:10]) < 90


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"regions": [{"first": 4, "last": 4, "boxes": [[5000, 96, 5032, 128]]}]}, "outside of frame 4"),
        ({"regions": [{"first": 0, "last": 11, "boxes": [[128, 240, 160, 272]]}]}, "outside of frame 0"),
        ({"width": 240, "height": 320}, "320 x 240 pixels"),
    ],
)
def test_regions_beside_the_picture_make_no_copy(
    detect: Run, tmp_path: Path, clip: Path, change: dict[str, object], told: str
) -> None:
    """A face would be in view in a copy that counts as hidden."""
    regions = tmp_path / "found.json"
    command = [clip, "--hide", "cover", "--regions", regions]
    assert detect(*command)[0] == 0
    regions.write_text(json.dumps(json.loads(regions.read_text()) | change))
    status, _, errors = detect(*command, "--out", tmp_path / "out")
    assert status == 2
    assert told in "\n".join(errors)
    assert not list((tmp_path / "out").glob("*"))


def test_the_tiniest_place_that_was_found_can_be_used_again(tmp_path: Path) -> None:
    """As of a face that the corner of the picture cuts off."""
    places = [(0.0, 0.0, 0.3, 0.4), (639.996, 100.0, 640.0, 140.0), (0.0, 200.001, 40.0, 200.004)]
    regions = regions_of((found(*((*place, 0.9) for place in places)), [0, 1, 2]), tmp_path=tmp_path)
    path = tmp_path / "clip.regions.json"
    save_regions(regions, path)
    assert load_regions(path) == regions
    boxes = regions.hidden_on(np.zeros((480, 640, 3), np.uint8), 0).boxes
    for x1, y1, x2, y2 in places:
        assert ((boxes[:, :2] <= (x1, y1)) & (boxes[:, 2:] >= (x2, y2))).all(axis=1).any()


def test_pages_of_different_sizes_have_regions_each(detect: Run, tmp_path: Path, make_frame: MakeFrame) -> None:
    """One on the second page may lie outside of the first."""
    small, large = make_frame((1, 1), width=128, height=96), make_frame((8, 5), width=320, height=240)
    path, regions = tmp_path / "a.tif", tmp_path / "found.json"
    with tifffile.TiffWriter(path) as file:
        for page in (small, large):
            file.write(page[..., ::-1], photometric="rgb")
    for _ in range(2):
        assert detect(path, "--hide", "cover", "--regions", regions, "--out", tmp_path / "out")[0] == 0
    with tifffile.TiffFile(tmp_path / "out" / "a.tif") as copy:
        assert all(page.asarray().max() < 90 for page in copy.pages)


def test_regions_of_another_file_are_refused(detect: Run, tmp_path: Path, clip: Path) -> None:
    regions = tmp_path / "found.json"
    save_regions(regions_of((found((*FACE, 0.9)), [0]), tmp_path=tmp_path), regions)
    status, _, errors = detect(clip, "--hide", "cover", "--regions", regions, "--out", tmp_path / "out")
    assert status == 2
    assert "of another file" in errors[-1]
    assert not list((tmp_path / "out").glob("*"))


def test_regions_are_of_one_file(detect: Run, tmp_path: Path, clip: Path) -> None:
    assert detect(clip, clip, "--hide", "cover", "--regions", tmp_path / "found.json")[0] == 2
