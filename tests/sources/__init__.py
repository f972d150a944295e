"""Tests of what turns input into graphs."""
