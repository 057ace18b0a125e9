"""Visitors for the worker's tests."""

from tests.integration.web.conftest import visitor, visitors

__all__ = ["visitor", "visitors"]
