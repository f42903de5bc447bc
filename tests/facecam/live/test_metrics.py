"""Rates and percentiles, on times that the test makes up."""

from __future__ import annotations

import pytest

from facecam.live.metrics import Percentiles, RateMeter


def test_a_steady_rate():
    meter = RateMeter()
    for number in range(200):
        meter.tick(number / 30)
    assert meter.hz(200 / 30) == pytest.approx(30, rel=0.01)


def test_the_rate_follows_a_change_within_the_window():
    meter = RateMeter(window_s=2)
    times = [number / 30 for number in range(90)] + [3 + number / 10 for number in range(30)]
    for time_s in times:
        meter.tick(time_s)
    assert meter.hz(6.0) == pytest.approx(10, rel=0.05)


def test_the_rate_falls_when_events_stay_away():
    meter = RateMeter()
    for number in range(60):
        meter.tick(number / 30)
    rates = [meter.hz(2 + wait_s) for wait_s in (0.0, 1.0, 1.9, 20.0)]
    assert rates == sorted(rates, reverse=True)
    assert rates[2] < 16
    assert rates[3] == 0


def test_a_slide_show_has_a_rate_too():
    meter = RateMeter(window_s=2)
    for number in range(5):
        meter.tick(number * 2.0)
    assert meter.hz(8.5) == pytest.approx(0.5)


def test_no_rate_before_the_second_event():
    meter = RateMeter()
    assert meter.hz(1.0) == 0
    meter.tick(1.0)
    assert meter.hz(1.0) == 0


def test_percentiles_are_those_of_the_recent_values():
    values = Percentiles(keep=100)
    assert values.at(50, 95) == (0, 0)
    for value in [1000.0] * 50 + list(range(101)):
        values.add(float(value))
    assert values.at(50) == pytest.approx((50.5,))
    assert values.at(95)[0] == pytest.approx(95.05)
