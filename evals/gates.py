"""Bounds on the figures of several evals, held after all of them are measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evals.reading import gate
from pipeline.errors import GateError, InputError
from pipeline.store.record import Store


def hold_all(
    store: Store,
    runs: Mapping[str, str],
    gates: Mapping[str, Mapping[str, Sequence[str]]],
) -> None:
    """Hold every eval's figures against its bounds.

    Args:
        runs: the run of each eval, by a name.
        gates: by the same names the bounds ``min`` and ``max``, as ``eval gate`` takes them.

    Raises:
        InputError: bounds for what was not measured, or that cannot be read.
        GateError: all that are not met, at once.
    """
    missing = sorted(gates.keys() - runs.keys())
    if missing:
        raise InputError(
            f"there are gates for {', '.join(missing)}, which nobody measured.",
            where="gates",
            next=f"Measured were {', '.join(sorted(runs))}.",
        )
    unmet = []
    for name, bounds in gates.items():
        conditions = [("least", text) for text in bounds.get("min", ())]
        conditions += [("most", text) for text in bounds.get("max", ())]
        for side, text in conditions:
            try:
                gate(store, runs[name], **{side: [text]})
            except GateError as error:
                unmet.append(f"{name} ({error.where}): {error.message}")
    if unmet:
        raise GateError(
            " ".join(unmet), where="gates", next="`storytransformer eval show RUN` shows where."
        )
