"""Extraction against real documents that others wrote: what is found, how exactly, how fast.

    python benchmarks/extract.py [CORPORA]     default: data/sample

``CORPORA`` is a folder with ``backlogs-txt/`` and ``labels/dalpiaz-annotated/`` (Dalpiaz 2018 and
its annotation), folders of Gherkin features, and folders of Markdown design documents; or a folder
with ``expected.tsv``: a document's name, how many stories a reader counts ("4", "3-5"), and a note
that may name keys ("keys A-1 and B-2"), a number of criteria ("2 criteria") and roles that no story
may have ("no role "x""). What is not there is left out, and said to be. The small documents of
``tests/extract/documents_shapes/`` are always read. ``labels/extract_places.jsonl``
beside this script holds hand judgements of 200 places in the design documents: path, offset, and
whether a story stands there.
Prints a table and, last, one JSON line.
"""

from __future__ import annotations

import argparse
import json
import pickle
import re
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from pipeline.extract.extraction import extract
from pipeline.stories import Extraction, Story, normalise
from tests.extract.shape_documents import documents, faults

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
PLACES = Path(__file__).parent / "labels" / "extract_places.jsonl"
FEATURE_FOLDERS = ("feature-sylius", "feature-whitehall", "feature-hhs")
Figures = dict[str, object]


def main(root: Path) -> None:
    sections: list[tuple[str, Callable[[Path], Figures]]] = [
        ("small documents", measure_shapes),
        ("expected.tsv", measure_expected),
        ("told by truth.json", measure_truth),
        ("Dalpiaz backlogs", measure_backlogs),
        ("features", measure_features),
        ("judged places", measure_places),
        ("whole folder", measure_whole),
    ]
    figures: Figures = {}
    for title, measure in sections:
        print(f"\n{title}")
        try:
            found = measure(root)
        except LeftOut as reason:
            print(f"  left out: {reason}")
            continue
        figures |= found
        for name, value in found.items():
            print(f"  {name:34} {value}")
    print()
    print(json.dumps({"benchmark": "extract", **figures}))


class LeftOut(Exception):
    """The folder does not hold what a section measures; says what it needs."""


def share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def measure_shapes(_: Path) -> Figures:
    """The small documents that are read as a reader reads them, fields and problems included."""
    own = list(documents())
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        for document in own:
            path = Path(folder) / document.name
            path.write_text(document.text, encoding="utf-8")
            (extraction,) = extract([path])
            wrong += [f"{document.kind}/{document.name}"] if faults(document, extraction) else []
    return {
        "shape_documents": len(own),
        "shape_documents_without_a_story": sum(d.said["stories"] == "0" for d in own),
        "shapes_right": share(len(own) - len(wrong), len(own)),
        "shapes_wrong": wrong,
    }


def measure_expected(root: Path) -> Figures:
    """Documents whose stories are as many, and have the keys, criteria and roles, as told."""
    table = root / "expected.tsv"
    if not table.exists():
        raise LeftOut("needs expected.tsv")
    lines = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines()[1:]]
    wrong = []
    for name, count, *note in lines:
        (extraction,) = extract([root / name])
        wrong += [name] if not is_as_expected(extraction.stories, count, *note) else []
    return {
        "expected_documents": len(lines),
        "expected_right": len(lines) - len(wrong),
        "expected_wrong": wrong,
    }


def is_as_expected(stories: Sequence[Story], count: str, note: str = "") -> bool:
    """Whether stories are what a line of ``expected.tsv`` says."""
    least, _, most = count.partition("-")
    if not int(least) <= len(stories) <= int(most or least):
        return False
    if keys := re.search(r"\bkeys ([^,;]+)", note):
        wanted = keys[1].replace(" and ", "|").split("|")
        told = [*wanted[0].split(), *wanted[1:]]
        if [story.source.key for story in stories] != told:
            return False
    criteria = re.search(r"(\d+) criteri", note)
    if criteria and sum(len(story.criteria) for story in stories) != int(criteria[1]):
        return False
    roles = {story.role for story in stories}
    return not roles & set(re.findall(r'no role "([^"]+)"', note))


def measure_truth(root: Path) -> Figures:
    """Stories found, by their document, role and first words, of those that truth.json names."""
    truth = root / "truth.json"
    if not truth.exists():
        raise LeftOut("needs truth.json")
    told = [
        (Path(e.document.path).name, story.role, " ".join(story.text.split()))
        for e in extract([root])
        for story in e.stories
    ]
    labels = json.loads(truth.read_text(encoding="utf-8"))["stories"]
    right = sum(
        any(
            (name, role) == (label["document"], label["role"]) and label["starts"] in text
            for name, role, text in told
        )
        for label in labels
    )
    return {
        "truth_stories": len(labels),
        "truth_recall": share(right, len(labels)),
        "truth_extra": len(told) - right,
    }


def measure_backlogs(root: Path) -> Figures:
    """Stories, and role, action and benefit against the annotators' persona, action, benefit.

    A backlog's lines are its stories, two lines of g16 included that tell none (the rest of a
    broken line, and a heading): they count as stories of their own and are glued to no other.
    """
    if not (root / "backlogs-txt").is_dir():
        raise LeftOut("needs backlogs-txt/")
    stories = lines = annotated = role = benefit = action = unmatched = 0
    for extraction in extract([root / "backlogs-txt"]):
        stories += len(extraction.stories)
        lines += sum(bool(line.strip()) for line in extraction.document.text.splitlines())
        name = Path(extraction.document.path).name.split("-")[0]
        labels = root / "labels" / "dalpiaz-annotated" / f"{name}.json"
        if not labels.exists():
            continue
        by_text = {normalise(story.text): story for story in extraction.stories}
        for label in json.loads(labels.read_text(encoding="utf-8")):
            story = by_text.get(normalise(re.sub(r"^#G\d+#\s*", "", label["Text"])))
            annotated += 1
            if story is None:
                unmatched += 1
                continue
            role += normalise(story.role) in {normalise(p) for p in label["Persona"]}
            benefit += same_benefit(story, label["Benefit"] or "")
            actions = [normalise(a) for a in label["Action"]["Primary Action"] if a]
            action += not actions or any(a in normalise(story.goal) for a in actions)
    return {
        "backlog_lines": lines,
        "backlog_stories": stories,
        "annotated": annotated,
        "annotated_unmatched": unmatched,
        "role_accuracy": share(role, annotated),
        "action_in_goal": share(action, annotated),
        "benefit_agreement": share(benefit, annotated),
    }


def same_benefit(story: Story, label: str) -> bool:
    """Both have none, or one holds the other (annotators leave out "I can" at times)."""
    ours, theirs = normalise(story.benefit), normalise(label)
    return ours == theirs or bool(ours and theirs and (ours in theirs or theirs in ours))


def measure_features(root: Path) -> Figures:
    """Features whose description says "As …" (found independently, by line) that give exactly
    one agile story with role and goal."""
    if not any((root / folder).is_dir() for folder in FEATURE_FOLDERS):
        raise LeftOut(f"needs one of {', '.join(FEATURE_FOLDERS)}")
    narratives = told = invalid = invalid_told = 0
    for folder in FEATURE_FOLDERS:
        if not (root / folder).is_dir():
            continue
        for extraction in extract([root / folder]):
            text = extraction.document.text
            head = re.split(r"(?m)^\s*(?:Scenario|Background|Rule)\b", text)[0]
            if not re.search(r"(?m)^\s*As\s+\w+", head):
                continue
            agile = [s for s in extraction.stories if s.kind == "agile"]
            right = len(agile) == 1 and bool(agile[0].role and agile[0].goal)
            narratives += 1
            told += right
            if extraction.document.problem:
                invalid += 1
                invalid_told += right
    return {
        "feature_narratives": narratives,
        "feature_recall": share(told, narratives),
        "invalid_features": invalid,
        "invalid_features_told": invalid_told,
    }


def measure_places(root: Path) -> Figures:
    """Recall and precision on the hand-judged places that are there."""
    labels = [json.loads(line) for line in PLACES.read_text(encoding="utf-8").splitlines()]
    paths = sorted({label["path"] for label in labels if (root / label["path"]).exists()})
    if not paths:
        raise LeftOut("needs the judged design documents")
    counts: Counter[str] = Counter()
    by_path = {
        str(Path(path).relative_to(root)): extraction
        for extraction in extract([root / path for path in paths])
        for path in extraction.document.paths
    }
    for label in labels:
        extraction = by_path.get(label["path"])
        if extraction is None:
            continue
        found = any(
            start <= label["offset"] < end
            for story in extraction.stories
            for start, end in story.source.spans
        )
        counts[f"{label['verdict']} {'found' if found else 'missed'}"] += 1
    right = counts["story found"]
    return {
        "places": sum(counts.values()),
        "place_recall": share(right, right + counts["story missed"]),
        "place_precision": share(right, right + counts["none found"]),
    }


class DiskCache:
    """Extractions in a folder: what a store does, without the store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _path(self, sha256: str, variant: str) -> Path:
        return self.folder / f"{sha256}-{re.sub(r'[^0-9a-z]', '_', variant)}.pickle"

    def get_extraction(self, sha256: str, variant: str) -> Extraction | None:
        path = self._path(sha256, variant)
        return pickle.loads(path.read_bytes()) if path.exists() else None

    def put_extraction(self, sha256: str, variant: str, extraction: Extraction) -> None:
        self._path(sha256, variant).write_bytes(pickle.dumps(extraction))


def measure_whole(root: Path) -> Figures:
    """Everything, first without a cache, then from one (wall and processor time: others may be
    using the machine); text and Markdown apart."""
    cpu_started = time.process_time()
    started = time.perf_counter()
    counts = tally(extract([root]))
    seconds = time.perf_counter() - started
    cpu_seconds = time.process_time() - cpu_started
    prose = [p for p in root.rglob("*") if p.suffix in (".md", ".txt") and p.is_file()]
    started = time.process_time()
    tally(extract(sorted(prose)))
    prose_seconds = time.process_time() - started
    prose_bytes = sum(path.stat().st_size for path in prose)
    with tempfile.TemporaryDirectory() as folder:
        cache = DiskCache(Path(folder))
        tally(extract([root], cache=cache))
        started, cpu_started = time.perf_counter(), time.process_time()
        again = tally(extract([root], cache=cache))
        cached_seconds = time.perf_counter() - started
        cached_cpu_seconds = time.process_time() - cpu_started
    assert again == counts
    return {
        "documents": counts["documents"],
        "stories": counts["stories"],
        "problems": counts["problems"],
        "mb": round(sum(p.stat().st_size for p in root.rglob("*") if p.is_file()) / 1e6, 1),
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu_seconds, 2),
        "cached_seconds": round(cached_seconds, 2),
        "cached_cpu_seconds": round(cached_cpu_seconds, 2),
        "prose_mb_per_cpu_second": round(prose_bytes / 1e6 / prose_seconds, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def tally(extractions: Iterable[Extraction]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for extraction in extractions:
        counts["documents"] += 1
        counts["stories"] += len(extraction.stories)
        counts["problems"] += extraction.document.problem is not None
    return counts


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("corpora", nargs="?", type=Path, default=SAMPLE)
    main(parser.parse_args().corpora)
