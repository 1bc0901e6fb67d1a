"""What we depend on, all the way down: licences that a user may live with, and pinned for CI.

Advisories are not known here: they come from a service, and tests run without a network. Whoever
has one runs `pip-audit -r constraints.txt`. Nor is the licence of a package known that states none.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
#: Licences that ask of a program that only uses the package what we do not want to ask of anybody.
#: (The Lesser GPL does not, nor does one of several licences that one may choose.)
STRONG = re.compile(r"(?<!L)(?<!Lesser )\b(AGPL|GPL|GNU (Affero )?General Public)", re.IGNORECASE)

#: What runs the product; the others are for development, or come with one of these.
PARTS = ("all", "local", "cloud", "flows", "report", "postgres")
#: Packages under several licences of which one may choose, and which we choose.
CHOSEN = {"text-unidecode": "Artistic License"}


def installed() -> Iterator[tuple[str, str]]:
    """Name and licence of every package that is installed because we need it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    parts = project["optional-dependencies"]
    texts = [*project["dependencies"], *(one for name in PARTS for one in parts[name])]
    waiting, seen = [Requirement(text) for text in texts], set()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if (name, frozenset(wanted.extras)) in seen:
            continue
        seen.add((name, frozenset(wanted.extras)))
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue  # for another system, or an extra nobody asked for
        said = found.metadata
        yield (
            name,
            " / ".join(
                part
                for part in (
                    said.get("License-Expression") or "",
                    (said.get("License") or "").splitlines()[0] if said.get("License") else "",
                    *(c for c in said.get_all("Classifier") or () if c.startswith("License ::")),
                )
                if part
            ),
        )
        for text in found.requires or ():
            needed = Requirement(text)
            extras = [*wanted.extras, ""]
            if not needed.marker or any(needed.marker.evaluate({"extra": e}) for e in extras):
                waiting.append(needed)


def test_no_dependency_asks_for_more_than_naming_it():
    found = dict(installed())
    assert len(found) > 80, "the walk stopped early"
    strong = {name: told for name, told in found.items() if STRONG.search(told)}
    assert {name for name in strong if CHOSEN.get(name, "?") not in strong[name]} == set()


def test_every_direct_dependency_is_held_to_a_version_that_was_tried():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {
        canonicalize_name(Requirement(line).name): Requirement(line).specifier
        for line in lines
        if line.strip() and not line.startswith(("#", "-"))
    }
    parts = project["optional-dependencies"]
    texts = [*project["dependencies"], *(one for name in PARTS for one in parts[name])]
    for wanted in map(Requirement, texts):
        if wanted.name == project["name"]:
            continue
        held = pinned.get(canonicalize_name(wanted.name))
        assert held, f"{wanted.name} is not in constraints.txt"
        versions = [spec.version for spec in held if spec.operator == "=="]
        assert versions and wanted.specifier.contains(versions[0]), f"{wanted.name}: {held}"
