from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genapp.providers.demo.answers import compose
from genapp.providers.demo.script import Script, read_script
from genapp.providers.demo.tokens import tokens


@given(st.text())
def test_tokens_joined_are_the_text_again(text: str) -> None:
    assert "".join(tokens(text)) == text
    assert all(tokens(text))


@given(st.text(max_size=200))
def test_any_prompt_has_the_same_non_empty_answer_twice(prompt: str) -> None:
    assert compose(prompt, []) == compose(prompt, []) != ""


@pytest.mark.parametrize(
    ("prompt", "there"),
    [
        ("Hello!", "Hello!"),
        ("What is 17*23?", "**391**"),
        ("7 / 0", "no result"),
        ("1..2 + 3", "no result"),
        ("Write a Rust function that counts words", "```rust\n"),
        ("some code please", "```python\n"),
        ("Compare tea and coffee in a table", "| Aspect | tea | coffee |"),
        ("How do I bake bread?", "\n1. "),
        ("Five ideas for a party", "\n- "),
        ("Translate good morning to Japanese", "**Japanese**"),
        ("Write a poem about rivers", "O rivers"),
        ("Explain tides", "## Tides"),
        ("Explain <b>tides</b> `now` | [x](y)", "## B tides"),
    ],
)
def test_an_answer_has_to_do_with_the_prompt(prompt: str, there: str) -> None:
    assert there in compose(prompt, [])


@pytest.mark.parametrize(
    ("prompt", "at_least", "at_most"),
    [
        ("What is rain?", 10, 80),
        ("Explain rain", 100, 600),
        ("A long essay about rain", 3000, 4500),
        ("Write 8000 words about rain", 7500, 9000),
    ],
)
def test_the_length_fits_the_ask(prompt: str, at_least: int, at_most: int) -> None:
    assert at_least <= len(compose(prompt, []).split()) <= at_most


def test_a_follow_up_speaks_of_the_earlier_subject_and_says_what_it_is_only_once() -> None:
    first = compose("Explain glaciers", [])
    then = compose("Tell me more about that", [("user", "Explain glaciers"), ("assistant", first)])
    assert "glaciers" in then
    assert "demo model" in first
    assert "demo model" not in then


def test_a_models_name_and_a_directive_tune_the_answer() -> None:
    script, prompt = read_script("demo-ttft300-tps50-n400", "[demo: 429x2, odd] Hello")
    assert script == Script(0.3, 50.0, 400, odd=True, fault="429", fault_times=2)
    assert prompt == "Hello"


@pytest.mark.parametrize("model", ["demo", "gpt-6", "gpt-500", "demo-999"])
def test_other_names_change_nothing(model: str) -> None:
    assert read_script(model, "Hello [brackets]") == (Script(), "Hello [brackets]")


def test_a_tag_names_what_is_asked_and_changes_nothing_else() -> None:
    assert read_script("demo-tagcut", "Hello") == (Script(tag="tagcut"), "Hello")
    assert read_script("demo", "[demo: pause tag7] Hello") == (Script(fault="pause", tag="tag7"), "Hello")
