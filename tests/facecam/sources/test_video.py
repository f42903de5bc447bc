"""Video files and network streams as sources. The streams come from a server of our own on this machine."""

from __future__ import annotations

import socket
from contextlib import closing
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from facecam.errors import SourceError
from facecam.sources import open_source
from facecam.sources.base import Seekable, without_password
from facecam.sources.stream import StreamSource
from facecam.sources.video import VideoSource
from tests.clips import write_clip
from tests.doubles import read_all
from tests.facecam.sources.conftest import refused


def level(number):
    """The grey level of frame `number`."""
    return 20 + 20 * number


def frame_image(number, width=64, height=48):
    return np.full((height, width, 3), level(number), np.uint8)


@pytest.fixture
def clip(tmp_path):
    """Ten frames at 10 per second."""
    return write_clip(tmp_path / "clip.mkv", map(frame_image, range(10)))


def test_pictures_that_are_shown_once_more_are_no_damage(tmp_path):
    """Some containers, Ogg among them, have a packet with nothing in it in their place."""
    path = tmp_path / "repeats.nut"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mjpeg", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        for number in range(6):
            frame = av.VideoFrame.from_ndarray(frame_image(number), format="bgr24").reformat(format="yuvj420p")
            frame.pts = number
            for packet in stream.encode(frame):
                again = av.Packet(b"" if number in (2, 3) else bytes(packet))
                again.stream, again.pts, again.dts, again.time_base = stream, number, number, Fraction(1, 10)
                file.mux(again)
    with closing(VideoSource(path)) as source:
        shown = [(round(frame.time_s, 3), round(float(frame.image.mean()) / 20) - 1) for frame in read_all(source)]
        assert shown == [(number / 10, number) for number in (0, 1, 4, 5)]
        assert source.damage == []


def test_a_video_is_read_frame_by_frame_with_its_own_times(clip):
    source = open_source(str(clip))
    assert isinstance(source, VideoSource)
    assert (source.live, source.fps, source.frame_count, source.title) == (False, 10.0, 10, "clip.mkv")
    frames = read_all(source)
    assert [frame.index for frame in frames] == list(range(10))
    assert [frame.time_s for frame in frames] == pytest.approx([number / 10 for number in range(10)], abs=0.002)
    assert [frame.image.mean() for frame in frames] == pytest.approx([level(number) for number in range(10)], abs=4)
    assert all(frame.image.flags.c_contiguous and frame.image.dtype == np.uint8 for frame in frames)


def test_frames_stay_as_they_were_when_the_next_is_read(clip):
    source = open_source(str(clip))
    first = source.read()
    copy = first.image.copy()
    read_all(source)
    np.testing.assert_array_equal(first.image, copy)


def test_a_video_may_have_any_name(clip):
    for name in ("ünï 顔 📷.mkv", "no suffix", "12:30 %02d.mkv" if clip.drive == "" else "%02d.mkv", "looks like.txt"):
        renamed = clip.rename(clip.with_name(name))
        assert len(read_all(open_source(str(renamed)))) == 10
        renamed.rename(clip)


def test_a_truncated_video_plays_as_far_as_it_goes(clip):
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) * 6 // 10])
    assert 2 <= len(read_all(open_source(str(clip)))) < 10


def test_wrong_videos_get_a_clear_sentence(tmp_path):
    (tmp_path / "empty.mp4").touch()
    refused(tmp_path / "empty.mp4", "empty")
    (tmp_path / "text.mp4").write_text("not a video " * 100, encoding="utf-8")
    refused(tmp_path / "text.mp4", "not a video")
    (tmp_path / "noise.mkv").write_bytes(np.random.default_rng(0).bytes(20_000))
    refused(tmp_path / "noise.mkv", "not a video")
    refused(tmp_path / "missing.mp4", "There is no file or folder")


def test_a_playlist_does_not_reach_the_network(tmp_path):
    """Only a URL that the user gives may cause network traffic, not a file that names one."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        text = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:{port}/a.ts\n#EXT-X-ENDLIST\n"
        (tmp_path / "list.m3u8").write_text(text, encoding="utf-8")
        refused(tmp_path / "list.m3u8", "not a video")
        with pytest.raises(TimeoutError):
            server.accept()


# Streams


def test_an_mjpeg_stream(server):
    with closing(open_source(server.url)) as source:
        assert isinstance(source, StreamSource)
        assert source.live
        frames = [source.read() for _ in range(9)]
    assert frames[0].image.shape == (48, 64, 3)
    assert [frame.image.mean() for frame in frames] == pytest.approx([level(number) for number in range(1, 10)], abs=4)
    times = [frame.time_s for frame in frames]
    assert times == sorted(times)


def test_a_stream_that_goes_silent_is_told(server):
    server.mode = "stall"
    with pytest.raises(SourceError, match="stopped sending"):
        read_all(StreamSource(server.url, open_timeout_s=60, read_timeout_s=0.5))


def test_a_server_that_never_answers_is_given_up(server):
    server.mode = "silent"
    with pytest.raises(SourceError, match="can't be opened"):
        StreamSource(server.url, open_timeout_s=0.5)


def test_unreachable_and_impossible_addresses_are_told_without_passwords():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    refused(f"http://127.0.0.1:{port}/video", "can't be opened")
    refused(f"rtsp://127.0.0.1:{port}/video", "can't be opened")
    refused("gopher://127.0.0.1/", "not supported")
    refused("http://[", "not a valid address")
    with pytest.raises(SourceError) as caught:
        open_source(f"http://me:secret@127.0.0.1:{port}/video")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://me:secret@host:80/a", "http://host:80/a"),
        ("http://me:se/cr?et#@host/a", "http://host/a"),
        ("rtsp://me:1/secret@host/a", "rtsp://me:1/secret@host/a"),  # a port, and the name of a picture
        ("http://host:80/icon@2x.png", "http://host:80/icon@2x.png"),
        ("http://[::1]:80/icon@2x.png", "http://[::1]:80/icon@2x.png"),
        ("http://host/a?mail=me@host", "http://host/a?mail=me@host"),
        ("clips/me@home.mp4", "clips/me@home.mp4"),
    ],
)
def test_an_address_is_shown_without_its_password(url, shown):
    assert without_password(url) == shown


def test_a_video_can_be_played_from_any_place(clip):
    with closing(open_source(str(clip))) as source:
        assert isinstance(source, VideoSource)
        assert source.duration_s == pytest.approx(1.0, abs=0.01)
        for time_s, number in ((0.72, 7), (0.3, 3), (0.299, 2), (0.0, 0), (5.0, 9), (0.9, 9)):
            source.seek(time_s)
            frame = source.read()
            assert frame.image.mean() == pytest.approx(level(number), abs=4), time_s
            assert frame.index == number
            following = source.read()
            if number < 9:
                assert following.image.mean() == pytest.approx(level(number + 1), abs=4)
            else:
                assert following is None


def test_a_gif_can_be_played_from_any_place(tmp_path):
    path = tmp_path / "clip.gif"
    pictures = [Image.fromarray(frame_image(number)) for number in range(10)]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=100)
    with closing(open_source(str(path))) as source:
        assert isinstance(source, Seekable)
        for number in (7, 2, 0, 9, 4):
            source.seek(number / 10 + 0.01)
            assert source.read().image.mean() == pytest.approx(level(number), abs=4)
