"""Logs: in the platform's place, bounded, on stderr with --verbose, and never in the way."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from facecam.cli import commands, main
from facecam.system import logs
from facecam.system.logs import crashes_noted, log_tail, logging_to_file
from facecam.system.paths import log_file

_logger = logging.getLogger("facecam.test")


def test_everything_of_the_program_is_logged(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "a.log"
    with logging_to_file(path=path):
        _logger.info("an event")
        _logger.debug("a detail")
        logging.getLogger("other").warning("a library's warning")
    _logger.info("after the end")
    text = path.read_text(encoding="utf-8")
    assert "an event" in text
    assert "MainThread" in text
    assert "a library's warning" in text
    assert "a detail" not in text
    assert "after the end" not in text


def test_verbose_tells_details_on_stderr_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.log"
    with logging_to_file(verbose=True, path=path):
        _logger.debug("a detail")
        logging.getLogger("other").debug("a library's detail")
    err = capsys.readouterr().err
    assert "a detail" in err
    assert "a detail" in path.read_text(encoding="utf-8")
    assert "library" not in err


def test_the_logs_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MAX_BYTES", 10_000)
    with logging_to_file(path=tmp_path / "a.log"):
        for index in range(600):
            _logger.info("line %d of many", index)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 4
    assert sum(file.stat().st_size for file in files) <= 4 * 10_000
    assert "line 599 of many" in log_tail(tmp_path / "a.log", 1)


def test_a_place_that_can_not_be_written_costs_the_log_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("in the way")
    with logging_to_file(verbose=True, path=tmp_path / "file" / "a.log"):
        _logger.info("an event")
    err = capsys.readouterr().err
    assert "no log" in err
    assert "an event" in err
    (tmp_path / "b.log").mkdir()
    with logging_to_file(path=tmp_path / "b.log"):
        _logger.info("an event")
        _logger.info("another")
    assert capsys.readouterr().err == ""


def test_two_instances_that_close_leave_no_crash_behind(tmp_path: Path) -> None:
    path = tmp_path / "crash.log"
    with crashes_noted(path), crashes_noted(path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_fault_of_ours_is_one_sentence_with_the_log_beside_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> list:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(commands, "list_cameras", fails)
    assert main(["cameras"]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "ZeroDivisionError: oops" in err
    assert str(log_file()) in err
    assert "in fails" in log_tail()


def test_the_command_logs_in_detail_when_asked_and_never_a_password(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--headless", "--verbose", "--source", "http://someone:hush@127.0.0.1:9/x"]) == 2
    err = capsys.readouterr().err
    assert "facecam.live.capture" in err
    assert "127.0.0.1:9" in err
    assert "hush" not in err
    assert "hush" not in log_tail()
    assert main(["cameras"]) == 0
    assert capsys.readouterr().err == ""
