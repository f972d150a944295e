"""Pulumi components, one per thing, secure when nothing is said; usable from any Pulumi program."""
