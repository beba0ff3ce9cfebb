import pathlib

import pytest


@pytest.fixture(scope="session")
def acrux_options():
    return {"seed": pathlib.Path(__file__).with_name("acrux.seed.yaml")}
