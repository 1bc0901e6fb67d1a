"""One model on this machine, measured from the doctor to the merged document in one sitting.

Nothing is implemented here a second time: every step calls what its own command calls, is told
before it begins, and leaves a run of its own in the database.
"""
