"""Sync: what is to be deployed, compared with what exists, judged, and brought about."""
