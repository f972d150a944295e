"""What a run of Port is told: log entries while it is under way, and its outcome.

https://docs.port.io/api-reference/update-an-action-run, https://docs.port.io/api-reference/add-a-log-to-an-action-run
"""

from __future__ import annotations

from lychgate.portal.client import Port, part
from lychgate.portal.runs import fetch

from lychgate.model.escaping import escape

LONGEST_LOG = 20_000
LONGEST_LABEL = 100


class Reporter:
    """Tells one run."""

    def __init__(self, port: Port, run: str) -> None:
        self._port, self._run, self._path = port, run, f"/v1/actions/runs/{part(run)}"

    def still_open(self) -> None:
        """Look again whether it is in progress, once nobody else can act on it. Raises InputError, ServiceError."""
        fetch(self._port, self._run)

    def log(self, message: str) -> None:
        """An entry of the run's log. Raises ServiceError."""
        self._port.call("POST", f"{self._path}/logs", {"message": escape(message)[:LONGEST_LOG]})

    def end(self, *, success: bool, label: str, summary: str, link: str = "") -> None:
        """The outcome: after it nobody can act on the run any more. Raises ServiceError."""
        told = {
            "status": "SUCCESS" if success else "FAILURE",
            "statusLabel": escape(label)[:LONGEST_LABEL],
            "summary": escape(summary)[:LONGEST_LOG],
        }
        self._port.call("PATCH", self._path, told | ({"link": link} if link else {}))
