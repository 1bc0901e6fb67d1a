"""Files of weights into a model. Needs torch."""
