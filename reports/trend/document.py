"""A trend as JSON, for programs."""

from __future__ import annotations

import orjson
from lychgate.reports.trend.trend import Trend, as_dict


def render(trend: Trend) -> bytes:
    """The whole of it; durations are in days."""
    return orjson.dumps(as_dict(trend), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)
