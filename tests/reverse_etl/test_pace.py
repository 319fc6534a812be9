"""How fast one account is called: a rate, a burst before it counts, and pauses that a tool asks for; on a clock of the test's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverse_etl import pace


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    ticking = Clock()
    monkeypatch.setattr(pace, "time", ticking)
    return ticking


def times_of(clock, calls, per_second, burst):
    ours, begun, times = pace.Pace(), clock.now, []
    for _ in range(calls):
        ours.wait(per_second, burst)
        times.append(round(clock.now - begun, 6))
    return times


def test_calls_come_at_the_rate(clock):
    assert times_of(clock, 4, 2.0, 1) == [0, 0.5, 1, 1.5]


def test_a_burst_comes_at_once_and_then_the_rate_counts(clock):
    assert times_of(clock, 6, 2.0, 3) == [0, 0, 0, 0.5, 1, 1.5]


def test_a_pause_holds_a_burst_too(clock):
    ours = pace.Pace()
    ours.wait(2.0, 3)
    ours.hold(10)
    ours.wait(2.0, 3)
    assert clock.now == 1010


@given(st.integers(1, 40), st.floats(0.5, 50), st.integers(1, 20))
def test_never_more_than_the_burst_and_the_rate_together(calls, per_second, burst):
    ticking = Clock()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pace, "time", ticking)
        times = times_of(ticking, calls, per_second, burst)
    for start in range(calls):
        window = [moment for moment in times[start:] if moment - times[start] < 1.0 - 1e-5]
        assert len(window) <= burst + per_second + 1
