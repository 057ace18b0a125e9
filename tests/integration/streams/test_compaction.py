"""The promise that everything rests on: replaying what is kept shows what seeing every frame shows."""

from __future__ import annotations

import copy
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genapp.streams import Fenced, Op, after, append, before, remove, replace, update
from genapp.streams.retained import Frame, Retained

if TYPE_CHECKING:
    from genapp.streams import Log

PAGE = '<d id="root"><d id="a"/><d id="b"><d id="c"/></d></d>'
INNER = '<d id="a"/><d id="b"><d id="c"/></d>'


@dataclass
class Sent:
    """A frame to publish: `seeds` become ops, `reset` begins it anew, `zombie` has an old worker try first."""

    seeds: list[tuple[str, str, bool]]
    reset: bool
    zombie: bool
    catching_up: list[bool]


_seed = st.tuples(
    st.sampled_from(["append", "append", "replace", "update", "remove", "before", "after", "revive"]),
    st.sampled_from(["a", "b", "c"]),
    st.booleans(),
)
_frames = st.lists(
    st.builds(
        Sent,
        st.lists(_seed, max_size=4),
        st.sampled_from([False] * 7 + [True]),
        st.booleans(),
        st.lists(st.booleans(), min_size=3, max_size=3),
    ),
    min_size=1,
    max_size=15,
)


def op_from(kind: str, target: str, nested: bool, number: int) -> Op:
    leaf = f'<i n="{number}"/>'
    inner = leaf + ('<d id="c"/>' if nested and target == "b" else "")
    if kind == "revive":  # an element that was removed comes back where it was: under the same parent
        return append("b", '<d id="c"/>') if target == "c" else append("root", f'<d id="{target}"/>')
    if kind == "replace":
        return replace(target, f'<d id="{target}" n="{number}">{inner}</d>')
    if kind == "remove":
        return remove(target)
    return {"append": append, "update": update, "before": before, "after": after}[kind](
        target, leaf if kind in ("before", "after") else inner
    )


def tried(truth: Any, op: Op) -> bool:
    """Applies `op` unless it would put an id on the screen twice, which no page may do."""
    trial = copy.deepcopy(truth)
    trial.apply([op])
    if len(set(trial.ids())) != len(trial.ids()):
        return False
    truth.root = trial.root
    return True


class Lagging:
    """A viewer who catches up now and then."""

    def __init__(self, screen: Any) -> None:
        self.screen = screen
        self.seq = 0

    def catch_up(self, retained: Retained) -> None:
        for held in retained.after(self.seq):
            self.screen.apply(list(held.ops.values()))
        self.seq = retained.seq


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frames=_frames)
async def test_replay_equals_having_seen_every_frame(log: Log, new_screen: Any, frames: list[Sent]) -> None:
    stream = uuid.uuid4().hex
    truth, retained = new_screen(PAGE), Retained()
    viewers = [Lagging(new_screen(PAGE)) for _ in range(3)]
    fence = 0
    for number, sent in enumerate(frames):
        candidates = [update("root", INNER)] if sent.reset else []
        candidates += [op_from(*seed, number=100 * number + i) for i, seed in enumerate(sent.seeds)]
        ops = [op for op in candidates if tried(truth, op)]
        fence += sent.reset
        published = await log.publish(stream, ops, fence=fence, reset=sent.reset)
        if sent.zombie and fence:
            with pytest.raises(Fenced):
                await log.publish(stream, [update("root", "<zombie/>")], fence=fence - 1, reset=True)
        retained.apply(Frame(published.cursor.epoch, published.cursor.seq, sent.reset, False, 0, ops))
        for viewer, catching_up in zip(viewers, sent.catching_up, strict=True):
            if catching_up:
                viewer.catch_up(retained)

    snapshot = await log.read(stream)
    late = new_screen(PAGE)
    late.apply(snapshot.ops)
    assert late.html == truth.html
    for viewer in viewers:
        viewer.catch_up(retained)
        assert viewer.screen.html == truth.html
    kept = [(held.seq, index, op) for held in retained.after(0) for index, op in held.ops.items()]
    assert kept == list(snapshot.placed), "the web process and Redis do not keep the same"
    await log.delete(stream)
