"""What the lab promises about speed and memory, measured: `python -m benchmarks`."""
