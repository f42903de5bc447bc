"""Loading the detector to compare with."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

from pytestqt.qtbot import QtBot

from facecam.errors import ModelError
from facecam.qtkit.worker import Asker
from facecam.ui.live.compare_section import load_second
from tests.facecam.waiting import PATIENCE_S


def test_of_quick_wishes_the_newest_is_loaded_and_never_two_at_a_time(qtbot: QtBot) -> None:
    gate = threading.Event()
    begun: list[str] = []
    answers: list[object] = []

    def load(model: str) -> Any:
        begun.append(model)
        gate.wait(PATIENCE_S)
        return model

    loader = Asker("load")
    loader.answered.connect(answers.append)
    loader.ask(partial(load_second, load, "a"))
    qtbot.waitUntil(lambda: begun == ["a"])
    for model in ("b", "c"):
        loader.ask(partial(load_second, load, model))
    assert begun == ["a"]
    gate.set()
    qtbot.waitUntil(lambda: answers == ["c"])
    assert begun == ["a", "c"]
    loader.close(0)


def test_what_is_cancelled_is_not_delivered_and_a_problem_is_a_sentence(qtbot: QtBot) -> None:
    gate = threading.Event()
    answers: list[object] = []
    problems: list[str] = []

    def load(model: str) -> Any:
        gate.wait(PATIENCE_S)
        if model == "bad":
            raise ModelError("bad is no detector.")
        if model == "worse":
            raise ZeroDivisionError("by zero")
        return model

    loader = Asker("load")
    loader.answered.connect(answers.append)
    loader.failed.connect(problems.append)
    loader.ask(partial(load_second, load, "a"))
    loader.cancel(0)
    gate.set()
    loader.ask(partial(load_second, load, "bad"))
    qtbot.waitUntil(lambda: problems == ["bad is no detector."])
    loader.ask(partial(load_second, load, "worse"))
    qtbot.waitUntil(lambda: problems[1:] == ["worse can't be loaded: by zero"])
    assert answers == []
    loader.close(0)
