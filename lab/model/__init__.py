"""A program as data, and the one transition relation that everything else is a client of."""
