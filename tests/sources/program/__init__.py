"""Tests of the capture of Pulumi programs."""
