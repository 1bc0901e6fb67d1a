"""Tests run with the network off; what needs loopback servers says so with `enable_socket`.

Property tests draw the same examples every time, and have no time limit: a busy machine is no
defect. `pytest --hypothesis-profile explore` looks for new ones.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from pytest_socket import disable_socket, enable_socket, socket_allow_hosts

settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", settings.get_profile("explore"), derandomize=True, database=None)
settings.load_profile("same")


@pytest.fixture(autouse=True)
def network_is_off(request: pytest.FixtureRequest):
    """No socket at all, or loopback only for tests marked `enable_socket`."""
    if request.node.get_closest_marker("enable_socket"):
        enable_socket()
        socket_allow_hosts(["127.0.0.1", "localhost", "::1"], allow_unix_socket=True)
    else:
        disable_socket(allow_unix_socket=True)
    yield
    enable_socket()


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for the session: weights are converted and vocabularies unpacked once."""
    return tmp_path_factory.mktemp("shared-cache")
