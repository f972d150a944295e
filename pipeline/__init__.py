"""Merge requests: which stacks a change affects, what is judged of them, and the note that says so."""
