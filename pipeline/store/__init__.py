"""The database: the only room that knows SQL.

columns      how times, texts and JSON are held so that SQLite and PostgreSQL agree
tables       the tables
database     one engine: pragmas, transactions, and what its failures mean
schema       which version a database has, and how it gets to the newest
migrations   one file a version; they also create the views that the pages read
documents    an extraction as JSON text and back
rows         values of other rooms as rows
journal      stored replies and the budget
record       open_store and Store: the only writes
reports      the only reads for people
"""
