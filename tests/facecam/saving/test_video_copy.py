"""Copies of video files keep geometry, colours, times, sound and subtitles; FFmpeg's demuxer looks at them."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from fractions import Fraction
from itertools import count, zip_longest
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.codec.context import Flags as CodecFlags
from av.sidedata.sidedata import Type as SideData
from PIL import Image

from facecam.errors import FacecamError
from facecam.faces.drawing import changed_pixels
from facecam.saving.video_copy import VideoCopy
from facecam.sources import Frame
from facecam.sources.video import VideoSource
from tests.clips import SIZE, made, remux, scene
from tests.doubles import read_all

COVER = (40, 40, 200)
PART = (slice(8, 24), slice(8, 32))
# What a display matrix's a, b, c, d show of a stored picture (ISO 14496-12, section 6.2.2).
MATRICES: dict[str, tuple[tuple[int, int, int, int], Any]] = {
    "as stored": ((1, 0, 0, 1), lambda p: p),
    "to the right": ((0, 1, -1, 0), lambda p: np.rot90(p, 3)),
    "upside down": ((-1, 0, 0, -1), lambda p: np.rot90(p, 2)),
    "to the left": ((0, -1, 1, 0), np.rot90),
    "mirrored": ((-1, 0, 0, 1), np.fliplr),
    "flipped": ((1, 0, 0, -1), np.flipud),
    "mirrored and turned": ((0, 1, 1, 0), lambda p: np.swapaxes(p, 0, 1)),
}


def decoded(path: Path) -> list[Frame]:
    return read_all(VideoSource(path))


def copied(
    path: Path, to: Path | None = None, sound: bool = True, parts: Sequence[tuple[slice, slice]] = (PART,)
) -> VideoCopy:
    """The copy of a video, in which these parts are covered."""
    with closing(VideoSource(path)) as source:
        copy = VideoCopy(source, to or path.with_name(f"copy-{path.name}"), sound)
        for frame in iter(source.read, None):
            changed = frame.image.copy()
            for part in parts:
                changed[part] = COVER
            copy.add(frame, changed, changed_pixels(frame.image, changed))
        copy.close()
    return copy


def shows_the_same_but_for_the_cover(before: list[Frame], after: list[Frame], most: float = 4.0) -> None:
    assert [picture.time_s for picture in after] == [picture.time_s for picture in before]
    for old, new in zip(before, after, strict=True):
        assert new.image.shape == old.image.shape
        inner = new.image[PART][3:-3, 3:-3].astype(int)
        assert np.abs(inner.mean((0, 1)) - COVER).max() < 12
        differs = np.abs(old.image.astype(int) - new.image)
        differs[: PART[0].stop + 4, : PART[1].stop + 4] = 0
        assert differs.mean() < most


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv422p", "yuv444p10le"])
@pytest.mark.parametrize("size", [(48, 34), (158, 98)])
def test_covers_anywhere_are_whole_and_what_lies_between_them_stays(
    tmp_path: Path, pixels: str, size: tuple[int, int]
) -> None:
    path = made(tmp_path / "a.mp4", pixels=pixels, sound=None, times=range(0, 300, 100), size=size)
    width, height = size
    covers = [(0, 0), (height - 9, width - 11), (13, width - 17)]  # rows and columns where they begin
    copy = copied(path, parts=[(slice(y, y + 9), slice(x, x + 11)) for y, x in covers])
    for old, new in zip(decoded(path), decoded(copy.path), strict=True):
        differs = np.abs(old.image.astype(int) - new.image)
        for y, x in covers:
            assert np.abs(new.image[y : y + 9, x : x + 11][2:-2, 2:-2].mean((0, 1)) - COVER).max() < 16
            differs[max(0, y - 4) : y + 13, max(0, x - 4) : x + 15] = 0
        assert differs.mean() < 3


def packets(path: Path, kind: str) -> list[tuple[int | None, bytes]]:
    with av.open(str(path)) as file:
        stream = next(stream for stream in file.streams if stream.type == kind)
        return [(packet.pts, bytes(packet)) for packet in file.demux(stream) if packet.size]


def with_captions(path: Path) -> None:
    """Writes captions as broadcasters do into each picture (ATSC A/53, in ITU-T H.264 D.2.6), and beside them something
    that a camera says about itself (D.2.7)."""
    numbers = count()

    def captioned(packet: av.Packet) -> av.Packet:
        data = b""
        header = b"\x4e\1" if packet.stream.codec_context.name == "hevc" else b"\6"
        for kind, content in (
            (4, b"\xb5\x00\x31GA94\x03\x41\xff\xfcA" + bytes([0x41 + next(numbers), 0xFF])),
            (5, b"0123456789abcdefGPS SECRET"),
        ):
            part = header + bytes([kind, len(content)]) + content + b"\x80"
            data += len(part).to_bytes(4, "big") + part
        written = av.Packet(data + bytes(packet))
        written.pts, written.dts, written.time_base = packet.pts, packet.dts, packet.time_base
        written.is_keyframe = packet.is_keyframe
        return written

    remux(path, path.rename(path.with_name(f"other-{path.name}")), change=captioned)


def captions(path: Path) -> list[bytes | None]:
    with av.open(str(path)) as file:
        found = [frame.side_data.get(SideData.A53_CC) for frame in file.decode(video=0)]  # type: ignore[call-overload]
    return [None if each is None else bytes(each) for each in found]


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_captions_within_pictures_stay_also_where_something_is_covered(tmp_path: Path, codec: str) -> None:
    path = made(tmp_path / "a.mp4", codec, sound=None)
    with_captions(path)
    assert len({*captions(path)}) == 10
    copy = copied(path)
    assert captions(copy.path) == captions(path)
    assert b"SECRET" in path.read_bytes()
    assert b"SECRET" not in copy.path.read_bytes()
    shows_the_same_but_for_the_cover(decoded(path), decoded(copy.path))


def with_matrix(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """Writes it into a file."""
    data = bytearray(path.read_bytes())
    at = data.find(b"tkhd") + 4 + 40
    for place, value in zip((0, 1, 3, 4), matrix, strict=True):
        data[at + 4 * place : at + 4 * place + 4] = (value << 16).to_bytes(4, "big", signed=True)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("matrix", MATRICES)
def test_a_turned_or_mirrored_video_is_shown_and_copied_as_players_show_it(tmp_path: Path, matrix: str) -> None:
    numbers, turned = MATRICES[matrix]
    path = with_matrix(made(tmp_path / "a.mp4"), numbers)
    before = decoded(path)
    assert np.abs(before[3].image.astype(int) - turned(scene(3))).mean() < 6
    copy = copied(path)
    assert not copy.converted
    shows_the_same_but_for_the_cover(before, decoded(copy.path))


@pytest.mark.parametrize("matrix", MATRICES)
@pytest.mark.parametrize("suffix", [".mov", ".mkv"])
def test_it_is_shown_so_also_where_the_copy_has_another_codec(tmp_path: Path, matrix: str, suffix: str) -> None:
    path = with_matrix(made(tmp_path / "a.mov", "mjpeg", "yuvj420p", sound=None), MATRICES[matrix][0])
    copy = copied(path, tmp_path / f"copy{suffix}")
    shows_the_same_but_for_the_cover(decoded(path), decoded(copy.path))


def test_av1_under_a_name_of_what_can_not_hold_it_becomes_mkv(tmp_path: Path) -> None:
    path = made(tmp_path / "a.mp4", "libsvtav1", sound=None).rename(tmp_path / "a.mov")
    copy = copied(path)
    assert copy.path.suffix == ".mkv"
    assert len(decoded(copy.path)) == 10


@pytest.mark.parametrize("shape", [Fraction(2), Fraction(1, 2), Fraction(16, 15)])
def test_pixels_that_are_not_square_stay_so_and_are_shown_in_shape(tmp_path: Path, shape: Fraction) -> None:
    path = made(tmp_path / "a.mp4", sample_aspect_ratio=shape)
    height, width = decoded(path)[0].image.shape[:2]
    assert abs(width / height - SIZE[0] * shape / SIZE[1]) < 0.02
    copy = copied(path)
    shows_the_same_but_for_the_cover(decoded(path), decoded(copy.path))
    with av.open(str(copy.path)) as file:
        stream = file.streams.video[0]
        assert (stream.width, stream.height, stream.sample_aspect_ratio) == (*SIZE, shape)


@pytest.mark.parametrize(
    ("codec", "pixels", "tags"),
    [
        ("libx264", "yuv420p", (1, 1, 1, 1)),  # BT.709
        ("libx264", "yuv444p", (1, 1, 1, 1)),
        ("libx264", "yuv422p", (6, 6, 6, 1)),  # BT.601
        ("libx264", "yuv420p10le", (1, 1, 1, 1)),
        ("libx265", "yuv420p10le", (9, 16, 9, 1)),  # BT.2020, PQ
        ("libsvtav1", "yuv420p", (1, 1, 1, 1)),
        ("libsvtav1", "yuv420p10le", (9, 16, 9, 1)),
    ],
)
def test_colours_and_depth_stay(tmp_path: Path, codec: str, pixels: str, tags: tuple[int, ...]) -> None:
    names = ("color_primaries", "color_trc", "colorspace", "color_range")
    path = made(tmp_path / "a.mp4", codec, pixels, **dict(zip(names, tags, strict=True)))  # type: ignore[arg-type]
    copy = copied(path)
    assert not copy.converted
    shows_the_same_but_for_the_cover(decoded(path), decoded(copy.path), most=6 if codec == "libsvtav1" else 4)
    with av.open(str(copy.path)) as file:
        context = file.streams.video[0].codec_context
        assert tuple(int(getattr(context, name)) for name in names) == tags
        assert context.pix_fmt == pixels
        assert context.codec.canonical_name == {"libx264": "h264", "libx265": "hevc"}.get(codec, "av1")


@pytest.mark.skipif(sys.platform != "linux", reason="a thread's urgency can't be read here")
def test_no_encoder_keeps_other_programs_waiting(tmp_path: Path) -> None:
    path = made(tmp_path / "a.mkv", "libsvtav1", sound=None)
    with closing(VideoSource(path)) as source:
        copy = VideoCopy(source, tmp_path / "copy.mkv")
        for frame in iter(source.read, None):
            copy.add(frame, frame.image, np.zeros(frame.image.shape[:2], np.uint8))
            for thread in map(int, os.listdir("/proc/self/task")):
                with suppress(ProcessLookupError):  # it has ended
                    assert os.sched_getscheduler(thread) == os.SCHED_OTHER
        copy.close()
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


def test_hd_without_a_word_about_its_colours_is_taken_as_players_take_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made(tmp_path / "a.mp4")
    standard = decoded(path)[0].image
    monkeypatch.setattr("facecam.sources.decoder._HD_HEIGHT_PX", SIZE[1])
    assert np.abs(standard.astype(int) - decoded(path)[0].image).max() > 8
    shows_the_same_but_for_the_cover(decoded(path), decoded(copied(path).path))


@pytest.mark.parametrize(
    ("name", "codec", "sound"),
    [("a.mp4", "libx264", "aac"), ("a.mov", "libx264", "aac"), ("a.mkv", "libx264", "libopus"),
     ("a.webm", "libvpx-vp9", "libopus"), ("a.webm", "libvpx", "libopus"), ("a.webm", "libsvtav1", "libopus"),
     ("a.avi", "mpeg4", "libmp3lame")],
)  # fmt: skip
@pytest.mark.parametrize("sound_first", [False, True])
def test_sound_stays_bit_for_bit_in_the_same_container(
    tmp_path: Path, name: str, codec: str, sound: str, sound_first: bool
) -> None:
    path = made(tmp_path / name, codec, sound=sound, sound_first=sound_first)
    copy = copied(path)
    assert copy.path.name == f"copy-{name}"
    assert not copy.converted
    before, after = packets(path, "audio"), packets(copy.path, "audio")
    assert [data for _, data in after] == [data for _, data in before]
    assert [pts for pts, _ in after] == [pts for pts, _ in before]
    shows_the_same_but_for_the_cover(decoded(path), decoded(copy.path), most=8)
    if name != "a.avi":  # which has no languages
        with av.open(str(copy.path)) as file:
            assert file.streams.audio[0].metadata["language"] in ("fra", "fre")


def test_no_sound_where_none_is_wanted(tmp_path: Path) -> None:
    copy = copied(made(tmp_path / "a.mp4"), sound=False)
    with av.open(str(copy.path)) as file:
        assert [stream.type for stream in file.streams] == ["video"]


def test_pictures_that_come_at_their_own_times_keep_them(tmp_path: Path) -> None:
    path = made(tmp_path / "a.mp4", times=[0, 40, 300, 310, 900, 990])
    assert [picture.time_s for picture in decoded(path)] == [0, 0.04, 0.3, 0.31, 0.9, 0.99]
    shows_the_same_but_for_the_cover(decoded(path), decoded(copied(path).path))


@pytest.mark.parametrize("later", [0, 4000])
def test_films_that_were_joined_go_on_where_the_one_before_ends(tmp_path: Path, later: int) -> None:
    """As by `cat`: the clock of each begins anew, before or long after the end of the one before."""
    part = made(tmp_path / "part.ts")
    other = made(tmp_path / "other.ts", times=range(1000 * later, 1000 * later + 1000, 100), sound=None)
    path = tmp_path / "a.ts"
    path.write_bytes(part.read_bytes() + (other if later else part).read_bytes() + part.read_bytes())
    copy = copied(path)
    assert copy.converted == []
    for whole in (path, copy.path):
        times_s = np.array([picture.time_s for picture in decoded(whole)])
        assert len(times_s) == 30
        assert np.diff(times_s).min() > 0.099
        assert np.diff(times_s).max() < 0.25
    sound = packets(copy.path, "audio")
    assert [data for _, data in sound] == [data for _, data in packets(path, "audio")]
    apart = [ends(each, "audio") - ends(each, "video") for each in (part, copy.path)]
    assert apart[0] == pytest.approx(apart[1], abs=9090 if later else 90)  # of 90,000 a second


def ends(path: Path, kind: str) -> int:
    return max(pts for pts, _ in packets(path, kind) if pts is not None)


def test_pictures_of_a_file_without_times_come_as_players_show_them(tmp_path: Path) -> None:
    path = made(tmp_path / "a.h264", sound=None)
    copy = copied(path)
    assert copy.path.suffix == ".mkv"
    times_s = [picture.time_s for picture in decoded(path)]
    assert times_s[-1] > 0.3
    assert [picture.time_s for picture in decoded(copy.path)] == pytest.approx(times_s, abs=0.002)


def test_titles_and_places_are_left_out(tmp_path: Path) -> None:
    path = made(tmp_path / "a.mkv")
    assert b"SECRET" in path.read_bytes()
    assert b"SECRET" not in copied(path).path.read_bytes()


def test_chapters_keep_their_titles_and_nothing_else_that_they_say(tmp_path: Path) -> None:
    said = [{"title": "One", "LOCATION": "SECRET"}, {"title": "52.5200 13.4050"}]
    parts: list[Any] = [
        {"id": id_, "start": 500 * id_, "end": 500 * id_ + 500, "time_base": Fraction(1, 1000), "metadata": tags}
        for id_, tags in enumerate(said)
    ]
    plain = made(tmp_path / "plain.mkv", sound=None)
    path = remux(tmp_path / "a.mkv", plain, before=lambda file, _: file.set_chapters(parts))
    with av.open(str(path)) as file:
        assert [chapter["metadata"] for chapter in file.chapters()] == said
    copy = copied(path)
    with av.open(str(copy.path)) as file:
        chapters = file.chapters()
    assert "titles of chapters" in copy.converted[0]
    assert [chapter["metadata"] for chapter in chapters] == [{"title": "One"}, {}]
    assert [chapter["start"] for chapter in chapters] == [0, 500_000_000]


TELLING = (
    "GPS (13.4050, 52.5200, 16), D 24.26m",
    "[latitude: 0.608553] [longtitude: -1.963763]",
    "HOME(149.0251,-20.2532)",
    "Lat: 52.5 Lon: 13.4",
    "Lat: 52.5 Lon: 13.4, of a line that is so long that its length is a letter",
    "47.376, 8.541",
    "N:47.376 W:8.541",
    "47.376\N{DEGREE SIGN}N",
    "N 52\N{DEGREE SIGN}31'12.0",
    "N47\N{DEGREE SIGN}22.123' E008\N{DEGREE SIGN}32.567'",
    "$GPRMC,081836,A,3751.65,S,14507.36,E",
    "25.09.2021 01:22:35",
    "2021-09-25 01:22:35,118,697",
    "2024-05-03 9:14:33",
    "2024/05/03 14:30",
    "5/3/2024 2:14:33 PM",
    "2:14 PM 5/3/2024",
    "14:14:33 03.05.2024",
    "05-03-2024 Fri 14:30:22",
    "May 5, 2019 14:33",
    "03-MAY-2024 14:30:22",
    "3. M\N{LATIN SMALL LETTER A WITH DIAERESIS}rz 2024 14:30",
    "Sat May  3 14:30:22 2024",
    "2024\u5e7405\u670803\u65e5 14:30:22",
    "20240503_143022",
)
SPOKEN = (
    "3.5 miles, how long? 2.5 hours.",
    "On 25.09.2021, at 10:30, it was 20\N{DEGREE SIGN}.",
    "On 5/3/2024 we met.",
    "At 10:30, 30 men in 1944.",
    "Pi is 3.14159",
    "Of 1.000-2.000 people 1,250 or 1,375",
    "{\\pos(320.123,240.456)}Here",
)


def with_subtitles(path: Path, codec: str, tracks: Sequence[Sequence[str]], languages: Sequence[str]) -> Path:
    """A film with tracks of subtitles, a line each 50 ms."""

    def write(file: Any, pictures: Any) -> None:
        words = [file.add_stream(codec) for _ in tracks]
        for stream, language in zip(words, languages, strict=True):
            stream.codec_context.subtitle_header = b"[Events]\nFormat: Text\n"
            stream.metadata["language"] = language
        for number, lines in enumerate(zip_longest(*tracks)):
            for stream, line in zip(words, lines, strict=True):
                text = (line or "-").encode()
                cue = av.Packet(len(text).to_bytes(2, "big") + text if codec == "mov_text" else text)
                cue.stream, cue.time_base = stream, Fraction(1, 1000)
                cue.pts = cue.dts = 50 * number
                cue.duration = 50
                file.mux(cue)

    return remux(path, made(path.with_name(f"film{path.suffix}"), sound=None), before=write)


@pytest.mark.parametrize(("suffix", "codec"), [(".mp4", "mov_text"), (".mkv", "subrip")])
def test_subtitles_that_say_where_or_when_are_left_out_whole_and_that_is_told(
    tmp_path: Path, suffix: str, codec: str
) -> None:
    """As drones and dashcams write them; what people say stays, in tracks of its own."""
    tracks = [SPOKEN, *((*SPOKEN[:4], line, "SECRET") for line in TELLING)]
    path = with_subtitles(tmp_path / f"a{suffix}", codec, tracks, ["eng", *["ger"] * len(TELLING)])
    copy = copied(path)
    with av.open(str(copy.path)) as file:
        assert len(file.streams.subtitles) == 1
        assert file.streams.subtitles[0].metadata["language"] == "eng"
        lines = [bytes(packet).decode() for packet in file.demux(subtitles=0) if packet.size > 2]
    assert len(lines) == len(SPOKEN)
    assert all(line.endswith(spoken) for line, spoken in zip(lines, SPOKEN, strict=True))
    assert b"SECRET" not in copy.path.read_bytes()
    assert copy.converted == ["its subtitles (ger) are left out, as lines of them say where or when it was filmed"]


def test_what_is_written_beside_vorbis_sound_is_left_out(tmp_path: Path) -> None:
    """Matroska keeps its comments in a header that a decoder needs."""

    def comment(file: Any, pictures: Any, sound: Any) -> None:
        header, said = bytes(sound.codec_context.extradata or b""), b"LOCATION=SECRET"
        first, setup = header.find(b"\1vorbis"), header.rfind(b"\5vorbis")
        comments = b"\3vorbis" + bytes(4) + b"\1\0\0\0" + len(said).to_bytes(4, "little") + said + b"\1"
        laced = bytes([2, setup - first - 16, len(comments)])
        sound.codec_context.extradata = laced + header[first : first + 30] + comments + header[setup:]

    path = remux(tmp_path / "a.mkv", made(tmp_path / "film.mkv", sound="vorbis"), before=comment)
    assert b"SECRET" in path.read_bytes()
    copy = copied(path)
    assert b"SECRET" not in copy.path.read_bytes()
    assert not copy.converted
    with av.open(str(path)) as before, av.open(str(copy.path)) as after:
        heard, kept = ([frame.to_ndarray() for frame in file.decode(audio=0)] for file in (before, after))
    assert len(heard) == len(kept) > 10
    assert all(np.array_equal(a, b) for a, b in zip(heard, kept, strict=True))


def test_titles_names_and_paths_beside_subtitles_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.ass").write_text(
        "[Script Info]\n; SECRET\nTitle: SECRET\nOriginal Script: SECRET\nScriptType: v4.00+\nPlayResX: 640\n"
        "Author: SECRET\n[Aegisub Project Garbage]\nVideo File: C:/Users/SECRET/a.mov\nLast Style Storage: SECRET\n"
        "Automation Scripts: /home/SECRET/a.lua\n[Aegisub Extradata]\nData: 1,SECRET\n[V4+ Styles]\n"
        'Format: Name, Fontname, Fontsize\nStyle: Default,Arial,20\n[Fonts]\nfontname: a.ttf\n!"#$%[&\n'
        "[Events]\nFormat: Layer, Start, End, Style, Text\n"
        "Dialogue: 0,0:00:00.00,0:00:00.90,Default,Title: hello\n"
    )
    path = remux(tmp_path / "a.mkv", made(tmp_path / "film.mkv", sound=None), tmp_path / "a.ass")
    assert path.read_bytes().count(b"SECRET") == 8
    copy = copied(path).path.read_bytes()
    assert b"SECRET" not in copy
    for kept in (b"PlayResX: 640", b"Style: Default,Arial,20", b'!"#$%[&', b"Default,,0,0,0,,Title: hello"):
        assert (kept in copy) == (kept in path.read_bytes())
    assert b"PlayResX: 640" in copy


def test_hevc_is_called_as_apples_players_want_it(tmp_path: Path) -> None:
    copy = copied(made(tmp_path / "a.mov", "libx265", sound=None))
    with av.open(str(copy.path)) as file:
        assert file.streams.video[0].codec_context.codec_tag == "hvc1"


def test_sound_that_was_trimmed_away_is_not_in_the_copy(tmp_path: Path) -> None:
    """A film that is cut without encoding has all of it still: an edit list says from where on it is played."""

    def earlier(packet: Any) -> Any:
        shift = round(Fraction(1, 2) / packet.time_base)
        packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
        return packet

    path = remux(tmp_path / "cut.mp4", made(tmp_path / "whole.mp4"), change=earlier)
    before, after = packets(path, "audio"), packets(copied(path).path, "audio")
    heard = [packet for packet in before if packet[0] is not None and packet[0] >= 0]
    assert len(before) - len(heard) > 20
    assert after[-len(heard) :] == heard
    assert len(after) <= len(heard) + 2  # one that is heard in part, and one that a decoder needs


def test_what_a_container_cannot_hold_goes_into_another_and_that_is_told(tmp_path: Path) -> None:
    path = made(tmp_path / "a.avi", "mjpeg", "yuvj420p", sound="libmp3lame")
    copy = copied(path)
    assert copy.path.name == "copy-a.mkv"
    assert "written as .mkv" in copy.converted[0]
    assert not (tmp_path / "copy-a.avi").exists()
    shows_the_same_but_for_the_cover(decoded(path), decoded(copy.path), most=8)


def test_the_default_pictures_count_and_a_cover_is_left_out(tmp_path: Path) -> None:
    path = made(tmp_path / "a.mkv", sound=None)
    both = tmp_path / "both.mkv"
    with av.open(str(path)) as video, av.open(str(both), "w") as file:
        cover = file.add_stream("mjpeg")
        cover.width, cover.height, cover.pix_fmt = 32, 32, "yuvj420p"
        cover.disposition = av.stream.Disposition(0)
        pictures = file.add_stream_from_template(video.streams.video[0], opaque=True)
        pictures.disposition = av.stream.Disposition.default
        file.mux(cover.encode(av.VideoFrame(32, 32, "yuvj420p")))
        file.mux(cover.encode(None))
        for packet in video.demux(video=0):
            if packet.size:
                packet.stream = pictures
                file.mux(packet)
    assert decoded(both)[0].image.shape[:2] == SIZE[::-1]
    with av.open(str(copied(both).path)) as file:
        assert [stream.type for stream in file.streams] == ["video"]


def test_what_a_run_that_was_killed_has_left_of_a_copy_goes(tmp_path: Path) -> None:
    path = made(tmp_path / "a[1].mp4", sound=None)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left, of_another, of_another_film = (
        tmp_path / f".copy-{stem}.{number}.part.mp4"
        for stem, number in (("a[1]", gone.pid), ("a[1]", os.getppid()), ("a1", gone.pid))
    )
    for each in (left, of_another, of_another_film):
        each.touch()
    copied(path)
    assert not left.exists()
    assert of_another.exists()
    assert of_another_film.exists()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    path = made(tmp_path / "a.mp4")
    (tmp_path / "file").touch()
    with pytest.raises(FacecamError, match="can't be written"):
        copied(path, tmp_path / "file" / "copy.mp4")


def test_a_codec_that_is_not_written_is_told_by_name(tmp_path: Path) -> None:
    copy = copied(made(tmp_path / "a.mkv", "mjpeg", "yuvj420p"))
    assert copy.path.suffix == ".mkv"
    assert copy.converted == ["its pictures (mjpeg) are written as H.264"]
    shows_the_same_but_for_the_cover(decoded(tmp_path / "a.mkv"), decoded(copy.path))


@pytest.mark.parametrize(("codec", "pixels"), [("ffv1", "bgr0"), ("mjpeg", "yuvj420p"), ("ffv1", "yuv420p10le")])
def test_odd_sides_stay(tmp_path: Path, codec: str, pixels: str) -> None:
    """H.264 takes them where colours have the full resolution, and with half of it refuses them."""
    copy = copied(made(tmp_path / "a.mkv", codec, pixels, sound=None, size=(97, 65)))
    shows_the_same_but_for_the_cover(decoded(tmp_path / "a.mkv"), decoded(copy.path))


def test_what_a_film_says_to_hdr_screens_is_lost_and_told(tmp_path: Path) -> None:
    screen = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,500):max-cll=1000,400"
    path = made(
        tmp_path / "a.mp4", "libx265", "yuv420p10le", sound=None, options={"x265-params": f"log-level=none:{screen}"}
    )
    assert copied(path).converted == ["what it says to HDR screens about its brightness is left out"]


def test_that_a_film_is_seen_all_around_is_lost_and_told(tmp_path: Path) -> None:
    path = made(tmp_path / "a.mp4", sound=None)
    data = bytearray(path.read_bytes())
    said = {"StitchingSoftware": "A", "Spherical": "true", "Stitched": "true", "ProjectionType": "equirectangular"}
    xml = "".join(f"<GSpherical:{name}>{value}</GSpherical:{name}>" for name, value in said.items()).encode()
    box = b"uuid" + bytes.fromhex("ffcc8263f8554a938814587a02521fdd") + xml
    box = (4 + len(box)).to_bytes(4, "big") + box
    outer, inner = data.find(b"moov") - 4, data.find(b"trak") - 4
    end = inner + int.from_bytes(data[inner : inner + 4], "big")
    for at in (outer, inner):
        data[at : at + 4] = (int.from_bytes(data[at : at + 4], "big") + len(box)).to_bytes(4, "big")
    path.write_bytes(data[:end] + box + data[end:])
    assert copied(path).converted == ["that it shows all around (360 degrees) is left out"]


@pytest.mark.parametrize(
    ("codec", "pixels", "suffix"), [("qtrle", "argb", ".mov"), ("libvpx-vp9", "yuva420p", ".webm")]
)
def test_transparency_that_is_lost_is_told(tmp_path: Path, codec: str, pixels: str, suffix: str) -> None:
    copy = copied(made(tmp_path / f"a{suffix}", codec, pixels, sound=None))
    assert "its transparency is left out" in copy.converted


def test_a_second_camera_that_is_lost_is_told(tmp_path: Path) -> None:
    """As dashcams record one to the front and one to the back; a cover is none."""
    one, two = made(tmp_path / "a.mkv"), made(tmp_path / "b.mkv")
    both = remux(tmp_path / "both.mkv", one, two)
    assert copied(both).converted == ["its other tracks of pictures are left out"]
    assert copied(one).converted == []


def test_half_pictures_that_are_lost_are_told(tmp_path: Path) -> None:
    flags = CodecFlags.interlaced_dct | CodecFlags.interlaced_me | CodecFlags.global_header
    copy = copied(made(tmp_path / "a.mkv", flags=flags, sound=None))
    assert copy.converted == ["its half pictures (interlaced) are written as whole ones"]


def test_pictures_that_change_their_size_are_hidden_in_that_of_the_first_and_that_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.ts"
    with path.open("wb") as file:
        for size in ((96, 64), (192, 128)):
            file.write(made(tmp_path / "part.ts", sound=None, size=size).read_bytes())
    copy = copied(path)
    assert "change their size" in " ".join(copy.converted)
    after = decoded(copy.path)
    assert len(after) == len(decoded(path)) == 20
    for picture, inner in ((after[0], (slice(11, 21), slice(11, 29))), (after[-1], (slice(6, 10), slice(6, 14)))):
        assert picture.image.shape == (64, 96, 3)
        assert np.abs(picture.image[inner].astype(int).mean((0, 1)) - COVER).max() < 12


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_pictures_with_exif_in_a_film_of_jpegs_are_upright(tmp_path: Path, orientation: int) -> None:
    """As cameras write them; PyAV does not know EXIF beside a picture."""
    tags = Image.Exif()
    tags[0x0112] = orientation
    buffer = io.BytesIO()
    Image.fromarray(scene()[..., ::-1]).save(buffer, "JPEG", quality=95, exif=tags)
    path = tmp_path / "a.avi"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mjpeg", rate=10)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuvj420p"
        for index in range(3):
            packet = av.Packet(buffer.getvalue())
            packet.stream, packet.pts, packet.dts, packet.time_base = stream, index, index, Fraction(1, 10)
            packet.is_keyframe = True
            file.mux(packet)
    shown = {1: 0, 3: 2, 6: 3, 8: 1}[orientation]
    pictures = decoded(path)
    assert len(pictures) == 3
    difference = np.abs(pictures[0].image.astype(int) - np.rot90(scene(), shown))
    assert difference.mean() < 8
    shows_the_same_but_for_the_cover(pictures, decoded(copied(path).path))
