"""Real code on real threads, under a scheduler."""
