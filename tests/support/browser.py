"""What tests that look with a real browser share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def chromium_binary() -> str:
    """The path of the browser to look with; the test is skipped where there is none."""
    binary = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if binary is None:
        pytest.skip(f"no browser to look with (none of {', '.join(CHROMIUM)} is installed)")
    return binary


@contextmanager
def chromium_thread() -> Iterator[tuple[ThreadPoolExecutor, Browser]]:
    """Headless Chromium on a thread of its own: another suite's may run on this one."""
    binary = chromium_binary()
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with ThreadPoolExecutor(1) as thread:
        driver = thread.submit(playwright.sync_playwright().start).result()
        browser = thread.submit(
            driver.chromium.launch,
            executable_path=binary,
            args=["--no-sandbox", "--disable-gpu", "--no-first-run"],
        ).result()
        yield thread, browser
        thread.submit(browser.close).result()
        thread.submit(driver.stop).result()


def has_count(locator: Locator, count: int) -> None:
    """As many elements within five seconds.

    A page draws some things after the click that asks for them has returned (the `toggle` of a
    `details` comes with a later task), so a count taken at once may be of the page before.
    """
    from playwright.sync_api import expect

    expect(locator).to_have_count(count)
