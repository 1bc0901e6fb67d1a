"""What a model's server can do to a merge: die, hang, or come back with another model."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.breaking.merges import Ended, Merge, taken_up
from benchmarks.breaking.storage import Stage, reached


def dies(stage: Stage, *, request: int) -> list[str]:
    """The server dies while it answers that request, and stays away: the run says so, and goes on
    when the server is back."""
    merge = stage.merge("dies")
    seen = len(stage.server.asked)
    ended = _while_answering(merge, request, stage.server.die)
    stage.server.revive()
    wrong = ended.is_not(6, "model")
    if "nothing answers" not in ended.out:
        wrong.append(f"does not say that nobody answers: {ended.out[-300:]}")
    return wrong + _goes_on(stage, merge, seen)


def comes_back(stage: Stage, *, request: int) -> list[str]:
    """The server dies and is back a second later: nobody notices."""
    merge = stage.merge("back")

    def restart() -> None:
        stage.server.die()
        time.sleep(1)
        stage.server.revive()

    ended = _while_answering(merge, request, restart)
    return ended.is_not(0) or stage.differs(merge, ended)


def hangs(stage: Stage, *, request: int) -> list[str]:
    """The server takes requests and answers none any more: the run stops instead of waiting for
    every call in turn, and goes on later."""
    merge = stage.merge("hangs", {"STORYTRANSFORMER_MODEL_PATIENCE": "1"})
    seen = len(stage.server.asked)
    before = stage.server.fault

    def hang() -> None:
        stage.server.fault = lambda prompt: "hang"

    ended = _while_answering(merge, request, hang)
    stage.server.fault = before
    wrong = ended.is_not(6, "model")
    if "answers none" not in ended.out:
        wrong.append(f"does not say that the server hangs: {ended.out[-300:]}")
    return wrong + _goes_on(stage, merge, seen)


def other_weights(stage: Stage, *, request: int) -> list[str]:
    """The server dies and is back with other weights under the old name: nothing they say enters
    the document, not in this run and not when it is taken up."""
    merge = stage.merge("weights")
    server, seen = stage.server, len(stage.server.asked)
    server.weights = "weights-a"

    def swap() -> None:
        server.die()
        server.weights = "weights-b"
        server.revive()

    ended = _while_answering(merge, request, swap)
    wrong = _says_another(ended)
    asked = len(server.asked)
    wrong += _says_another(merge.finish())
    if len(server.asked) > asked:
        wrong.append("asked the other model")
    server.weights = "weights-a"
    wrong += _goes_on(stage, merge, seen)
    server.weights = ""
    return wrong


def other_name(stage: Stage, *, request: int) -> list[str]:
    """Replies come from another model all of a sudden, without any break."""
    merge = stage.merge("name")
    server, seen = stage.server, len(stage.server.asked)

    def swap() -> None:
        server.alias = "another"

    ended = _while_answering(merge, request, swap)
    server.alias = ""
    return _says_another(ended) + _goes_on(stage, merge, seen)


def _while_answering(merge: Merge, request: int, fault: Callable[[], object]) -> Ended:
    """Start a merge, let the fault happen when that request has come, and wait for the end."""
    seen = len(merge.server.asked)
    process = merge.start()
    if not reached(merge.server, seen + request, process):
        return merge.finish(process)
    fault()
    return merge.finish(process)


def _says_another(ended: Ended) -> list[str]:
    wrong = ended.is_not(6, "model")
    if "another model" not in ended.out:
        wrong.append(f"does not say that it is another model: {ended.out[-300:]}")
    return wrong


def _goes_on(stage: Stage, merge: Merge, seen: int) -> list[str]:
    time.sleep(4 * stage.server.seconds)  # what was sent may still be on its way
    journalled = merge.journalled()
    if not journalled:
        return ["nothing was journalled before the fault"]
    return taken_up(merge, seen, stage.whole, journalled)[1]
