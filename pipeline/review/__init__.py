"""A person decides: which of a run's questions are open, how one is shown, and what each answer is
as a decision that every later run applies.

    tellings    what a story says, without its markup, and where two of them differ
    questions   what is open about a run, what deciding saves most first
    answers     an answer, given by a key or in a file, as decisions
    walk        one question after the other in the terminal
    glossary    roles and topics that are one, for headings only
"""
