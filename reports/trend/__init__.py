"""How posture has changed: from the records of the evidence store to series, times to mend, and the ages of waivers.

`reading` takes records out of the store, `history` goes over them (no database in it), `trend` is what comes of it, and
`page`, `metrics` and `document` write that down.
"""

from lychgate.reports import Formats

FORMATS: Formats = {
    "json": ("trend.document", "trend.json"),
    "html": ("trend.page", "trend.html"),
    "openmetrics": ("trend.metrics", "metrics.txt"),
}
