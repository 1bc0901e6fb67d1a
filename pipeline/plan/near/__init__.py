"""Which stories may be the same: an index of words, vectors of passages, pairs, clusters."""
