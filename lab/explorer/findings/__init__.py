"""What is noted on the way: end states, verdicts on properties, data races, and the locks held at each access."""
