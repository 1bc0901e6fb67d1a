"""The database: the only room that knows SQL.

From the ground up:

    columns      how times, texts and JSON are held so that SQLite and PostgreSQL agree
    tables       the tables
    failures     what a driver's exception means, and what to do next
    interrupts   Ctrl-C waits for the end of a transaction
    database     one engine: pragmas, transactions, inserts that may be repeated
    views        what reports and pages read
    schema       which version a database has, how it is made, and how it gets to the newest
    migrations   one file a version
    documents    an extraction as JSON text and back
    rows         values of other rooms as rows
    caches, decisions, runs, journal, record   open_store, Store, StoreJournal: the only writes
    books        a finished run's books as values again
    importing    decisions out of a database of before the first release
    purge        text deleted for good
    reports      the only reads for people

Other rooms import ``record`` and ``reports`` and nothing else.
"""
