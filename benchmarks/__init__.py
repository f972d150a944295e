"""Timings, each measured beside a floor or a peer in the same run: `./dev bench`."""
