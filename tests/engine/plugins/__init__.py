"""Pulumi plugins written for the tests: a Python language host and providers that keep everything in their state."""
