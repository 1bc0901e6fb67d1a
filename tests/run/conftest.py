"""The small backlog that tests of runs and merges share."""

from tests.support.backlogs import backlog, document, kit  # noqa: F401 - fixtures
