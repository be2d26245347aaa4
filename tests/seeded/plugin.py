"""A pytest plugin with the options of `python -m tests.seeded`."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add them."""
    parser.addoption("--seeded-report", help="file to which each bug's outcome is added, a JSON object a line")
    parser.addoption("--seeded-examples", type=int, help="how many examples are drawn; 0: those of CI")
