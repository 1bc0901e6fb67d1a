"""What a merge made up and lost, on replies whose fabrications are known."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evals.claims import Claim, Held, Text, claims, mark, rates
from evals.commands import app
from evals.fabrication import perturb
from evals.fabrication_run import run_fabrication
from evals.judges import Judge
from evals.reading import compare, figures, show
from pipeline.calls import canonical_json
from pipeline.edge import Edge
from pipeline.errors import InputError
from pipeline.merge import job as jobs
from pipeline.gate.grounding import sentence_verdicts
from pipeline.merge.writing import text_of
from pipeline.outcomes import StoryText
from pipeline.settings import read_settings
from pipeline.store.purge import find_target, purge
from pipeline.stories import Locator, Source, Span, Story
from pipeline.tokens import counter_for

INVENTED = "The invoice is stamped by a notary."
BACKLOG = "".join(
    f"- As a {role}, I want to {goal}, so that {benefit}.\n"
    for role in ("rider", "dispatcher", "mechanic")
    for goal, benefit in (
        ("see the timetable of every bus", "I miss none"),
        ("see the timetable of every bus", "I can plan the transfer"),
        ("report a broken seat", "it is mended before 5 riders complain"),
        ("report a broken seat", "nobody is hurt"),
    )
)


class Inventor(Judge):
    """Adds a sentence of its own to a share of what it merges."""

    invents = 1.0

    def answer(self, request):
        body = json.loads(super().answer(request))
        draw = random.Random(request.key)
        for listed in body.values():
            for item in listed:
                named = item.get("overlap", item.get("handles", ()))
                if len(named) < 2 or draw.random() >= self.invents:
                    continue
                if "rewrite" in item:
                    item["rewrite"].append({"at": "title", "text": INVENTED})
                else:
                    item["criteria"].append(INVENTED)
        return canonical_json(body)


def story(n: int, goal: str, benefit: str, *criteria: str, role: str = "member") -> Story:
    text = f"As a {role}, I want to {goal}, so that {benefit}. " + " ".join(criteria)
    source = Source("0" * 64, "a.md", Locator(line=n), (Span(n * 1000, n * 1000 + len(text)),))
    return Story(str(n), "agile", source, text, role, goal, benefit, criteria)


@pytest.fixture
def loan() -> Story:
    return story(
        1, "renew a loan", "I can finish the book", "A loan must be renewed within 14 days.",
        "The desk opens on 2026-03-02.",
    )  # fmt: skip


def test_a_changed_fact_contradicts_and_words_from_nowhere_are_unsupported(loan: Story) -> None:
    stranger = story(9, "steer the crane", "containers are stacked safely", role="docker")
    wanted = {
        "number": "contradicted", "unit": "contradicted", "date": "contradicted",
        "modality": "contradicted", "invented": "unsupported", "fused": "unsupported",
        "role": "unsupported",
    }  # fmt: skip
    found = {}
    for kind, text in perturb(text_of(loan), stranger, random.Random(3)):
        found[kind] = {mark(v) for v in sentence_verdicts(text, [loan])} - {"supported"}
    assert {kind: found[kind] for kind in wanted} == {k: {v} for k, v in wanted.items()}


def test_sentences_that_stand_in_a_source_are_not_new(loan: Story) -> None:
    text = StoryText(
        "member", "renew a loan", "", ("The desk opens on 2026-03-02.", "A loan is renewed."),
    )  # fmt: skip
    found = list(claims(Text("m", "b", text, (loan,))))
    assert [claim.new for claim in found] == [False, False, False, True]
    assert {claim.field for claim in found} == {"role", "goal", "criterion"}


def test_an_entailment_model_doubts_what_the_rules_let_pass(loan: Story) -> None:
    text = StoryText("member", "renew a loan", "", ("Within 14 days a loan must be renewed.",))
    said: list[str] = []

    def entails(pairs: Sequence[tuple[str, str]]) -> list[float | None]:
        said.extend(claim for _, claim in pairs)
        return [0.1] * len(pairs)

    alone = list(claims(Text("m", "b", text, (loan,))))
    doubted = list(claims(Text("m", "b", text, (loan,)), entails))
    assert said == ["Within 14 days a loan must be renewed."], "a source's own words need no proof"
    assert [claim.mark for claim in doubted] == ["supported", "supported", "unsupported"]
    assert alone[2].mark == "supported" and "does not follow" in doubted[2].why


def test_rates_count_sentences_stories_and_fields() -> None:
    def claim(story: str, mark: str, new: bool) -> Claim:
        return Claim(story, "b", "goal", "x", mark, new)  # type: ignore[arg-type]

    found = rates(
        [
            claim("a", "supported", False),
            claim("a", "contradicted", True),
            claim("b", "supported", True),
            claim("b", "unsupported", True),
            claim("c", "supported", False),
        ],
        [Held("1", "a", "b", "goal", "x", True), Held("2", "b", "b", "goal", "y", False)],
    )
    assert found["fabricated"][::3] == (0.4, 5) and found["covered"][::3] == (0.5, 2)
    assert found["unsupported"].mean == found["contradicted"].mean == 0.2
    assert found["fabricated_new"][::3] == (2 / 3, 3)
    assert found["fabricated_stories"][::3] == (2 / 3, 3)
    assert found["fabricated"].low < 0.4 < found["fabricated"].high
    assert rates([], [])["covered"] == (0.0, 0.0, 1.0, 0)


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Edge:
    folder = tmp_path_factory.mktemp("claims")
    (folder / "in").mkdir()
    (folder / "in" / "lines.md").write_text(f"# Lines\n\n{BACKLOG}")
    return Edge(
        read_settings(
            {"STORYTRANSFORMER_CACHE": str(shared_cache)}, db=f"sqlite:///{folder}/x.sqlite"
        )
    )


def merged(edge: Edge, strategy: str, invents: float) -> str:
    """The id of a merge by a model that invents a share of the time."""
    folder = Path(edge.settings.database.removeprefix("sqlite:///")).parent
    with edge.store() as store:
        job = edge.merge_job(
            [str(folder / "in")],
            f"openai/inventor-{invents}@http://127.0.0.1:9/v1",
            store=store,
            out=str(folder / "out"),
            strategy=strategy,
        )
        counter = counter_for(job.spec, cache=edge.settings.cache)
        model = Inventor(job.spec, counter.count_text)
        model.invents = invents
        job.opener = lambda spec, options: model
        return str(jobs.run(job)["run"])


@pytest.mark.parametrize("strategy", ["edit", "tree"])
def test_what_a_model_invents_is_counted_before_the_gate_and_gone_behind_it(
    edge: Edge, strategy: str
) -> None:
    run = merged(edge, strategy, 1.0)
    with edge.store() as store:
        found = run_fabrication(run, store)
        stored = figures(show(store, found["run"]))
    before, after = found["replies"]["scores"], found["document"]["scores"]
    assert before["fabricated_stories"]["mean"] == 1.0
    invented = [f for f in found["fabrications"] if f["text"] == INVENTED]
    assert len(invented) == before["fabricated_stories"]["n"] > 0
    assert {(f["stage"], f["field"], f["mark"]) for f in invented} == {
        ("reply", "title" if strategy == "edit" else "criterion", "unsupported")
    }
    assert after["fabricated"]["mean"] == 0.0 and after["covered"]["mean"] == 1.0
    assert before["covered"]["mean"] < 1.0
    assert stored["fabricated"] == tuple(after["fabricated"].values())
    assert stored["reply_covered"].mean == before["covered"]["mean"]
    batches = set(found["replies"]["by_batch"])
    assert batches == {"calls 1 to 32"} if strategy == "edit" else batches
    detector = found["detector"]
    assert detector["recall"]["invented"]["mean"] == 1.0
    assert detector["recall"].keys() == detector["precision"].keys()


def test_a_faithful_and_an_inventing_run_differ_story_by_story(edge: Edge) -> None:
    with edge.store() as store:
        inventing, faithful = (
            run_fabrication(merged(edge, "edit", share), store, most=0)["run"]
            for share in (1.0, 0.0)
        )
        differences = compare(store, inventing, faithful)["differences"]
    assert differences["reply_fabricated_of_story"]["high"] < 0
    assert differences["fabricated_of_story"]["mean"] == 0


def test_only_a_finished_merge_can_be_judged(edge: Edge, tmp_path: Path) -> None:
    with edge.store() as store:
        with pytest.raises(InputError, match="no run"):
            run_fabrication("nonesuch", store)
        run = store.start_run(kind="needle", corpus=None, model="m", strategy="s")
        with pytest.raises(InputError, match="this is a needle"):
            run_fabrication(run, store)


def test_a_purged_merge_is_not_judged(edge: Edge) -> None:
    run = merged(edge, "edit", 0.0)
    with edge.store() as store:
        run_fabrication(run, store, most=0)
        purge(store, find_target(store, run))
        with pytest.raises(InputError, match="purged"):
            run_fabrication(run, store)


def test_the_command_prints_and_gates(edge: Edge) -> None:
    run = merged(edge, "edit", 0.5)
    db = ["--db", edge.settings.database]
    shown = CliRunner().invoke(app, ["fabrication", run, "--most", "0", *db])
    assert shown.exit_code == 0 and "what stands" in shown.stdout
    asked = CliRunner().invoke(app, ["fabrication", run, "--json", "--most", "2", *db])
    found = json.loads(asked.stdout)
    held = CliRunner().invoke(app, ["gate", found["run"], "--max", "fabricated=0.02", *db])
    assert held.exit_code == 0 and "met" in held.stdout
    assert found["document"]["scores"]["fabricated"]["n"] > 0
