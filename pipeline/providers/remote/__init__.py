"""What all models behind a network share: waves, retries, batches, paces, and what servers tell."""
