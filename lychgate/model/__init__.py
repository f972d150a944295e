"""The words everything else speaks: graph, resource, values, outcome, verdict. No I/O, no import of another room."""
