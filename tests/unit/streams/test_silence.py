"""Which streams have been silent for long."""

from __future__ import annotations

from genapp.streams.silence import Silence


def test_a_stream_that_does_not_move_is_named_once_in_each_patience() -> None:
    silence = Silence(30)
    place = {"a": ("e", 1)}
    assert [silence.silent(place, now) for now in (0.0, 29.0, 30.0, 31.0, 59.0, 60.0)] == [[], [], ["a"], [], [], ["a"]]


def test_a_stream_that_moves_or_leaves_is_not_silent() -> None:
    silence = Silence(30)
    silence.silent({"a": ("e", 1), "b": ("e", 1)}, 0.0)
    assert silence.silent({"a": ("e", 2)}, 30.0) == []
    assert silence.silent({"a": ("e", 2), "b": ("e", 1)}, 59.0) == []
    assert silence.silent({"a": ("e", 2), "b": ("e", 1)}, 60.0) == ["a"]
