"""The database itself: how it connects, which kinds of columns it has, what its errors mean."""
