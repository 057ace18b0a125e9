"""How much is tried by what tries at random; `conftest.py` sets it before tests are collected."""

RUNS = 10
