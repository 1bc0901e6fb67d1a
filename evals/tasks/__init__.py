"""One eval each: what is asked of a pipeline or a model, run and stored."""
