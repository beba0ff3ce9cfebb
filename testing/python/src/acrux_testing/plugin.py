"""The pytest plug-in. A test that has the argument ``acrux`` gets an emulator in the state after its seed."""

from typing import Any, Dict, Iterator

import pytest

from .emulator import Acrux, start


@pytest.fixture(scope="session")
def acrux_options() -> Dict[str, Any]:
    """The arguments of ``acrux_testing.start``. Override this fixture in ``conftest.py``, for example to name a seed."""
    return {}


@pytest.fixture(scope="session")
def acrux_emulator(acrux_options: Dict[str, Any]) -> Iterator[Acrux]:
    """The emulator of all tests of this process."""
    with start(**acrux_options) as emulator:
        yield emulator


@pytest.fixture
def acrux(acrux_emulator: Acrux) -> Acrux:
    """The emulator, reset before each test."""
    acrux_emulator.reset()
    return acrux_emulator


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: "pytest.CallInfo[None]") -> Iterator[None]:
    """Shows the denials of the emulator with a failed test."""
    outcome = yield
    emulator = getattr(item, "funcargs", {}).get("acrux")
    report = outcome.get_result()  # type: ignore[attr-defined]
    if call.when != "call" or not report.failed or not isinstance(emulator, Acrux):
        return
    try:
        denials = [f"{each['principal']}: {each['action']} {each['repository']}: {each['reason']}" for each in emulator.decisions()]
    except Exception as error:  # The emulator ended: the report of the test matters more.
        denials = [f"not available: {error}"]
    if denials:
        report.sections.append(("acrux: denied requests", "\n".join(denials)))
