"""What a web process holds of the streams in view."""

from __future__ import annotations

import gc

from genapp.streams.dialects import DIALECTS
from genapp.streams.ops import append, text
from genapp.streams.retained import Frame, Retained
from genapp.streams.viewer import _encoded

FRAMES = 1_000


def test_the_collector_of_cycles_has_nothing_to_walk_in_frames_that_are_held() -> None:
    """With 200 answers in view it would stop all viewers for a tenth of a second."""
    retained = Retained()
    gc.collect()
    before = len(gc.get_objects())
    for seq in range(1, FRAMES + 1):
        frame = Frame("epoch", seq, begins=seq == 1, closed=False, published_at=0, ops=[append("a", "x"), text("x")])
        retained.apply(frame)
    for held in retained.after(0):
        for dialect in DIALECTS.values():
            assert _encoded(held, dialect).event(f"epoch.{held.seq}")
    gc.collect()  # which is when it lets go of tuples and dicts that hold nothing of interest
    assert len(gc.get_objects()) - before < FRAMES / 10
