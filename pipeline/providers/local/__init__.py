"""Models that run on this machine: our engine, or a vLLM server that is started for them."""
