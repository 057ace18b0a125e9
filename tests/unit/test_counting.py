"""What is counted, and where it is explained."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from genapp import figures, metrics
from genapp.counting import Metric, Number, Spread
from genapp.figures import Figure
from genapp.fleet import exposition, fields
from genapp.metrics import DECLARED
from genapp.streams import DELAY_BUCKETS

GUIDE = Path(__file__).parents[2] / "docs" / "observing.md"


def test_the_guide_has_every_figure_and_no_other() -> None:
    rows = re.findall(r"^\| (`genapp_.*?) \|", GUIDE.read_text(), re.MULTILINE)
    told = set(re.findall(r"`(genapp_\w+)`", " ".join(rows)))
    assert told == {name + "_total" * (one.kind == "counter") for name, one in DECLARED.items()}


def test_delays_of_frames_are_told_apart_where_streams_do() -> None:
    assert metrics.frame_delay_seconds.bounds == (*DELAY_BUCKETS, math.inf)


def test_an_observation_is_in_the_first_bucket_that_takes_it() -> None:
    spread = Spread((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 2.0, 9.0):
        spread.observe(value)
    assert spread.state == (14.0, 2, 2, 1)


def test_a_series_has_as_many_labels_as_its_metric_declares() -> None:
    metric = Metric("genapp_x", "counter", "", ("a",), Number)
    assert metric.labels("1") is metric.labels("1")
    with pytest.raises(ValueError, match="has the labels"):
        metric.labels("1", "2")


def test_what_is_told_in_pieces_is_read_as_the_sum_and_the_page_says_it() -> None:
    key = ("genapp_queue_wait_seconds", ())
    empty, full = (0.0,) * 15, (3.5, *[0] * 9, 2, 1, *[0] * 3)
    stored: dict[bytes, float] = {}
    for now, before in (({key: empty}, {}), ({key: full}, {key: empty}), ({key: full}, {key: full})):
        for field, more in fields.increments(now, before):
            stored[field] = stored.get(field, 0) + more
    read = fields.totals({field: str(number).encode() for field, number in stored.items()})
    assert (read[key].count, read[key].sum, read[key].buckets[0.5], read[key].buckets[1.0]) == (3, 3.5, 0, 2)
    assert figures.read(exposition(read).decode()) == read


def test_figures_of_a_release_that_knows_more_are_read_too() -> None:
    read = fields.totals({b'["genapp_new","sum"]': b"3", b'["genapp_new","2.0"]': b"2"})
    assert read == {("genapp_new", ()): Figure("histogram", count=2, sum=3, buckets={2.0: 2, float("inf"): 2})}
