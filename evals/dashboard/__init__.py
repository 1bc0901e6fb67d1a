"""Pages over the database: Datasette with datasette-dashboards, read-only, on this machine only.

What stands where:

    serve        start the pages and wait
    pages.yaml   what stands on them: cards with their SQL over the views
    plugins      run inside Datasette: the database under one name, and who may ask
    templates, static   how a card is drawn

Everything a page needs is in a package; nothing comes from the network.
"""
