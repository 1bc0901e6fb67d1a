"""Pages over the database: Datasette with our own pages, read-only, on this machine only.

What stands where:

    serve        start the pages and wait
    pages        what stands on them, one file a page: filters, and cards with their SQL
    cards        the same as values
    answers      the rows of a card, as JSON and as CSV
    report       the same as one file to send; charts draws its figures, values writes its numbers
    taking_up    the command that takes up a run that did not complete
    measures     rows that need more than SQL; judges those about records; windows a picture that
                 needs prices
    plugins      run inside Datasette: the addresses, the database under one name, who may ask
    templates, static   how a page and its cards are drawn

Everything a page needs is in a package; nothing comes from the network. Vega is the copy that
datasette-dashboards ships. Its own pages are not used: a card of theirs has one query of at most
2,000 rows, no further pages of them, and rows that need intervals cannot be computed.
"""
