"""The calls of a run on their way: waves, what follows on replies, budget, usage."""
