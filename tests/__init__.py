"""Tests: one folder per room of the project; `engine` is what a run of the real Pulumi engine needs."""
