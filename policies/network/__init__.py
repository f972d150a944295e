"""Who can reach whom."""
