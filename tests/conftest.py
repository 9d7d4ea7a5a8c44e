"""What holds for all tests: generated cases are the same in every run, and what takes long begins first."""

import pytest
from hypothesis import settings

LONGEST = ("whole", "engine", "intake")

settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole nights first: where tests run beside each other, none is left to run alone at the end."""
    items.sort(
        key=lambda item: next((n for n, name in enumerate(LONGEST) if item.nodeid.startswith(f"tests/{name}/")), len(LONGEST))
    )
