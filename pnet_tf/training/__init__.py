"""Two rings: one traced step without I/O, and a loop that knows time."""
