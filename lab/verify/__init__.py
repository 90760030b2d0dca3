"""The model against reality: reference counts of real objects, and free runs on real threads."""
