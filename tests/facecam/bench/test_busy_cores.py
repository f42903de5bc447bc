"""Cores that others use: no verdict on them, and a word beside every verdict when the others were busy."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from facecam.bench import long, machine, measure
from facecam.bench.card import draw_card
from facecam.bench.measure import Benchmark
from facecam.bench.report import headline
from facecam.bench.result import Labels
from facecam.bench.tables import markdown
from facecam.system import cpu
from facecam.system.cpu import choose_core, pinned
from tests.facecam.bench.made import MACHINE, busy_for, made_run, reported


def test_verdict_beside_busy_cores_says_so_wherever_it_is_shown(monkeypatch):
    monkeypatch.setattr(machine.psutil, "cpu_percent", lambda **_: [95.0, 3.0])
    described = machine.describe_machine(1)
    assert described.busy_before
    content = reported(made_run([10.0] * 50), machine=described)
    assert "100 FPS" in content.verdicts[0]
    assert content.verdicts[0].endswith("other cores were busy (core 0: 95 %).")
    assert "Other cores were busy (core 0: 95 %)" in markdown(content)
    words = headline(content)
    assert words.trusted
    assert "Other cores were busy (core 0: 95 %)" in words.caution
    quiet_content = reported(made_run([10.0] * 50))
    warned, unwarned = (_pixels(draw_card(one).picture(), "#e0a83c") for one in (content, quiet_content))
    assert warned > 500 > unwarned, "the card doesn't show the warning"


def _pixels(card, colour):
    """How many pixels of a card are of about that colour."""
    wanted = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)])
    return int((np.abs(np.asarray(card).astype(int) - wanted).max(axis=2) < 24).sum())


def test_other_cores_that_get_busy_during_the_run_are_told():
    described = replace(MACHINE, load_before_percent=(0.0,) * 4)
    run = made_run([10.0] * 50, loads=(97.0, 2.0, 1.0, 100.0))  # core 3 is the measured one
    assert "other cores were busy (core 0: 97 %)" in reported(run, machine=described).verdicts[0]


def test_a_hyper_thread_beside_the_measured_core_takes_the_verdict():
    described = replace(MACHINE, load_before_percent=(0.0,) * 4, core_siblings=(2,))
    for run, when in (
        (made_run([10.0] * 50, loads=(0.0, 0.0, 90.0, 100.0)), "meanwhile"),
        (made_run([10.0] * 50), "before the start"),
    ):
        content = reported(run, machine=described)
        assert content.verdicts == ("made x: no verdict.",)
        assert f"computed for others {when}" in content.problems[0]
        assert "core 2: 90 %" in content.problems[0]
        described = replace(described, load_before_percent=(0.0, 0.0, 90.0, 0.0))


def test_without_a_core_of_its_own_a_verdict_needs_one_that_is_free():
    described = replace(MACHINE, pinned_core=None, busy_before=True)
    full, half = (replace(described, load_before_percent=loads) for loads in ((90.0, 70.0), (90.0, 5.0)))
    run = made_run([10.0] * 50)
    assert "All cores were busy" in reported(run, machine=full).problems[0]
    assert "100 FPS" in reported(run, machine=half).verdicts[0]


@pytest.fixture
def busy_core():
    """A core, kept busy by another process."""
    core = choose_core()
    if core is None or not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system doesn't let a process be pinned to a core")
    script = f"import os; os.sched_setaffinity(0, {{{core}}}); print(flush=True)\nwhile True: pass"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield core
        process.kill()


def test_a_core_that_another_program_keeps_busy_gives_no_verdict(busy_core):
    with pinned(busy_core):
        described = machine.describe_machine(busy_core)
        run = measure.measure("shared", [Benchmark(lambda: busy_for(0.002), Labels(model="m"))], seconds=1.0)
    sentences = {
        "busy before the start": reported(made_run([10.0] * 50), machine=described),
        "other programs took the rest": reported(run),
    }
    for sentence, content in sentences.items():
        assert all(words.endswith("no verdict.") for words in content.verdicts)
        assert sentence in content.problems[0]
        words = headline(content)
        assert (words.figure, words.trusted) == ("No verdict", False)
        assert sentence in words.against
        assert sentence in markdown(content)
        assert "FPS on" not in markdown(content)
        assert _pixels(draw_card(content).picture(), "#e0a83c") > 500, "the card doesn't show the reason"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems number all cores")
def test_figures_of_cores_are_found_by_their_numbers_where_some_are_switched_off(monkeypatch, tmp_path):
    (tmp_path / "stat").write_text("cpu  9 9\ncpu0 9 9\ncpu2 9 9\nctxt 1\n")
    monkeypatch.setattr(cpu, "_STAT", tmp_path / "stat")
    monkeypatch.setattr(psutil, "cpu_percent", lambda **_: [5.0, 95.0])
    described = machine.describe_machine(2)
    assert described.load_before_percent == (5.0, 0.0, 95.0)
    assert "The measured core was busy" in reported(made_run([10.0] * 50), machine=described).problems[0]
    clocks = [SimpleNamespace(current=1000.0), SimpleNamespace(current=3000.0)]
    monkeypatch.setattr(psutil, "cpu_freq", lambda **_: clocks)
    benchmark = Benchmark(lambda: busy_for(0.001))
    for core, mhz in ((0, 1000.0), (2, 3000.0), (None, None)):
        assert long.measure_long(benchmark, 0.001, core=core).points[0].mhz == mhz
    del clocks[1]  # of all cores together
    assert long.measure_long(benchmark, 0.001).points[0].mhz == 1000.0


def test_a_core_that_is_free_is_chosen(monkeypatch):
    monkeypatch.setattr(machine, "fast_cores", lambda: [3, 2, 1, 0])
    monkeypatch.setattr(machine, "core_siblings", lambda core: [core ^ 1])
    for loads, chosen in (([0.0] * 4, 3), ([0.0, 0.0, 99.0, 0.0], 1), ([99.0] * 4, 3)):
        monkeypatch.setattr(machine.psutil, "cpu_percent", lambda loads=loads, **_: loads)
        assert machine.idle_core() == chosen
