"""Low-rank adapters trained on questions with a closed list of answers."""
