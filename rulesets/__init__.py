"""Data, no code: requirements and baselines."""
