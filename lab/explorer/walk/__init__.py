"""The walks: from the first state, breadth first, level by level or with a memory of all states."""
