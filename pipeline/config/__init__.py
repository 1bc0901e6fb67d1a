"""Settings, the options of runs, and what may be asked of this installation."""
