"""Merge piles of overlapping documents into one, with the price known before
and the source of every sentence known after.

The rooms, from the ground up (imports go down only, see ARCHITECTURE.md):

    errors, settings    what can go wrong and who can mend it; paths, keys, defaults
    engine              torch lives here and nowhere else
    stories             Document, Block, Source, Story, Extraction
    calls               Request, Reply, Usage, Call, WindowLimits, Plan, Estimate
    outcomes            Edit, Relation, Verdict, Outcome, LedgerRow, Decision
    models              ModelSpec, Provider, Gpu
    tokens, prompts     count tokens; load and render prompts
    compare             how two texts relate
    extract             bytes -> blocks -> stories
    plan                stories -> clusters -> windows -> calls
    providers           local, Claude, Gemini, OpenAI-compatible, extractive
    store               the database
    catalog             what is known of each model, found by its name
    cost                what a plan costs: dollars, memory, hours
    merge               run a plan; gate, ledger, document
    flows, cli          Prefect flows; the command line

Importing this package imports nothing else.
"""

__version__ = "0.1.0"
