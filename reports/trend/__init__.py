"""How posture has changed: from the records of the evidence store to series, times to mend, and the ages of waivers.

`reading` takes records out of the store, `history` goes over them (no database in it), `trend` is what comes of it, and
`page`, `metrics` and `document` write that down.
"""

# Format -> (module, file name), as in `lychgate.reports`.
FORMATS: dict[str, tuple[str, str]] = {
    "json": ("document", "trend.json"),
    "html": ("page", "trend.html"),
    "openmetrics": ("metrics", "metrics.txt"),
}
