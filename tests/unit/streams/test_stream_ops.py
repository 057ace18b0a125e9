from __future__ import annotations

import pytest

from genapp.streams import append, notice, remove, replace, text


@pytest.mark.parametrize("target", ["", "1a", "a b", 'a"', "a:b", "ä", "a" * 129, "#a", "a\n"])
def test_a_target_that_would_need_escaping_is_refused(target: str) -> None:
    with pytest.raises(ValueError, match="target"):
        append(target, "<p></p>")


def test_an_op_says_what_to_do_to_what() -> None:
    op = replace("generation_1-2", "<div></div>")
    assert (op.action, op.target, op.content) == ("replace", "generation_1-2", "<div></div>")
    assert remove("a").content == ""
    assert text("né\n").content == "né\n"


def test_a_notice_keeps_its_message() -> None:
    assert notice({"type": "status", "status": "queued"}).content == '{"type":"status","status":"queued"}'
