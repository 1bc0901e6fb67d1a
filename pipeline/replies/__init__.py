"""A reply parsed once into a typed value; a call that failed, made smaller."""
