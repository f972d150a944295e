"""`lychgate explain`: each effective setting of an application, and where it came from."""

from __future__ import annotations

from pathlib import Path

from lychgate.cli.platforms import platform_of, scope_of
from lychgate.provisioner.models.values import effective, things


def run(application: str, environment: str, tenant: str | None, settings: Path | None) -> int:
    """Print a table: thing, setting, value, layer, file and line."""
    platform = platform_of(settings, environment).platform
    scope = scope_of(platform, application, environment, tenant)
    rows = [("thing", "setting", "value", "layer", "where")]
    for kind, name in things(platform, application, environment, scope.tenant):
        found = effective(platform, application, environment, scope.tenant, kind, name)
        for index, (key, value) in enumerate(found.values.items()):
            thing = f"{kind} {name}".strip() if index == 0 else ""
            rows.append((thing, key, str(value), found.origins[key].layer, found.origins[key].place))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
    return 0
