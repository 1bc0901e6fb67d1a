"""Merges that evals make: what they cost, how good they are, what writing again leaves."""
