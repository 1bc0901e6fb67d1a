"""The only reads for people and for later runs."""
