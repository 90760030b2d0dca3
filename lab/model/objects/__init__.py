"""The classes of heap objects, one module per family."""
