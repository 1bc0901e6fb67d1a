"""Tests run with the network off; what needs loopback servers says so with `enable_socket`."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_socket import disable_socket, enable_socket, socket_allow_hosts


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
