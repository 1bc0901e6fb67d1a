"""The database: the only room that knows SQL.

From the ground up:

    columns      how times, texts and JSON are held so that SQLite and PostgreSQL agree
    tables       the tables
    failures     what a driver's exception means, and what to do next
    interrupts   Ctrl-C waits for the end of a transaction
    database     one engine: pragmas, transactions, inserts that may be repeated
    schema       which version a database has, and how it gets to the newest
    migrations   one file a version; they also create the views that the pages read
    documents    an extraction as JSON text and back
    rows         values of other rooms as rows
    caches, decisions, runs, journal, record   open_store, Store, StoreJournal: the only writes
    books        a finished run's books as values again
    purge        text deleted for good
    reports      the only reads for people

Other rooms import ``record`` and ``reports`` and nothing else.
"""
