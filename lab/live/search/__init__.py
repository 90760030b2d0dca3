"""Which run comes next: one file for each way to go through the orders that threads can take."""
