"""What a recorded graph of states says: cycles, fairness, probabilities, lengths of runs."""
