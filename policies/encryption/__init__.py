"""Data at rest and on the way, keys, secrets."""
