"""Truly different runs: Mazurkiewicz traces, counted and shown one by one."""
