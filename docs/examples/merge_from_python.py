"""Read, price and merge documents from a program.

python docs/examples/merge_from_python.py data/sample merged
"""

from __future__ import annotations

import sys

import storytransformer as st


def main(folder: str, out: str, db: str | None = None) -> st.Merged:
    """Merge a folder by proof alone, and tell what came of it."""
    corpus = st.read([folder])
    print(f"{len(corpus.stories)} stories in {len(corpus.extractions)} documents")
    for path, reason in corpus.problems:
        print(f"  not read: {path}: {reason}")

    priced = st.estimate(corpus, models=["claude/claude-haiku-5-5"], db=db)
    for line in priced.lines:
        print(f"  {line.model} by {line.strategy}: {line.calls} calls, ${line.usd}")

    done = st.merge([folder], out=out, db=db)
    print(f"{done.stories} stories in {done.entries} entries; {done.sentences} sentences kept")
    print(f"  {done.conflicts} conflicts and {done.proposals} proposals wait for a person")
    return done


if __name__ == "__main__":
    main(*sys.argv[1:3])
