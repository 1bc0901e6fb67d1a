from __future__ import annotations

import importlib.metadata

import pytest

from pipeline.engine.versions import Seen, conflicts, judge, look


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (Seen(cards=("NVIDIA",)), "built for processors, sees none"),
        (Seen(cards=("AMD",), cuda="12.8"), "AMD cards is loaded, but torch, built for CUDA 12.8"),
        (Seen(("NVIDIA",), cuda="13.0", driver_cuda=(12, 8), usable=True), "serves up to 12.8"),
        (Seen(flash_error="ImportError: undefined symbol"), "undefined symbol"),
    ],
)
def test_what_does_not_fit_is_said_with_the_next_step(seen: Seen, said: str) -> None:
    (found,) = judge(seen)
    assert not found.ok and said in found.detail and found.next


@pytest.mark.parametrize(
    "seen",
    [
        Seen(),
        Seen(("NVIDIA",), "12.8", driver_cuda=(13, 0), usable=True),
        Seen(("AMD",), hip="7", usable=True),
    ],
)
def test_what_fits_is_said_too(seen: Seen) -> None:
    (found,) = judge(seen)
    assert found.ok


def test_this_machine_fits() -> None:
    assert all(finding.ok for finding in judge(look()))
    assert conflicts() == []


def test_needs_are_compared_with_what_is_installed() -> None:
    needs = {
        "a": ["b>=2", "c<3; python_version < '3'", "d; extra == 'more'", "e"],
        "b": None,
    }
    installed = {"a": "1", "b": "1.9"}

    def version(name: str) -> str:
        if name not in installed:
            raise importlib.metadata.PackageNotFoundError(name)
        return installed[name]

    found = conflicts(("a", "b"), needs=needs.__getitem__, version=version)
    assert found == ["a needs b>=2, installed is 1.9", "a needs e, which is not installed"]
    assert conflicts(("no-such-package-here",)) == ["no-such-package-here is not installed"]
