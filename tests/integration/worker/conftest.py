"""Visitors for the worker's tests."""

from tests.integration.web.conftest import visitor

__all__ = ["visitor"]
