from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from genapp.streams import Snapshot, append, notice, replace, text, update

if TYPE_CHECKING:
    from genapp.streams import Op


def snapshot(*ops: Op) -> Snapshot:
    return Snapshot(cursor=None, placed=tuple((i, 0, op) for i, op in enumerate(ops)))


def test_a_page_embeds_what_was_appended() -> None:
    shown = snapshot(append("a", "<p>1</p>"), append("b", "<p>x</p>"), append("a", "<p>2</p>"))
    assert shown.inner("a") == "<p>1</p><p>2</p>"
    assert shown.inner("c") == ""


def test_a_page_embeds_what_was_appended_since_an_update() -> None:
    assert snapshot(update("a", "<p>1</p>"), append("a", "<p>2</p>")).inner("a") == "<p>1</p><p>2</p>"


def test_an_element_is_the_default_until_it_is_replaced() -> None:
    assert snapshot().element("t", '<div id="t"></div>') == '<div id="t"></div>'
    shown = snapshot(replace("t", '<pre id="t">1</pre>'))
    assert shown.element("t", '<div id="t"></div>') == '<pre id="t">1</pre>'


def test_an_element_holds_what_was_appended_to_it() -> None:
    default = '<div id="t"></div>'
    assert snapshot(append("t", "1")).element("t", default) == '<div id="t">1</div>'
    shown = snapshot(replace("t", '<pre id="t"><code>a</code></pre>\n'), append("t", "b"), append("t", "c"))
    assert shown.element("t", default) == '<pre id="t"><code>a</code>bc</pre>\n'


def test_an_update_of_an_element_takes_the_place_of_its_content() -> None:
    shown = snapshot(replace("t", '<p id="t" title="a > b">old</p>'), update("t", "new"), append("t", "er"))
    assert shown.element("t", "") == '<p id="t" title="a > b">newer</p>'


def test_an_element_that_can_hold_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="root element"):
        snapshot(append("t", "1")).element("t", '<hr id="t">')


def test_the_text_is_all_text_ops_in_order() -> None:
    assert snapshot(text("Hel"), append("a", "x"), text("lo"), notice({"type": "status"})).text == "Hello"
