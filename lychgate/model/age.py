"""How old a verdict may be, where one is relied on later."""

from __future__ import annotations

from datetime import datetime, timedelta

AHEAD = timedelta(minutes=5)  # as far as the clocks of two machines may be apart


def untimely(as_of: datetime, now: datetime, most: timedelta) -> str:
    """Why a verdict of one moment does not count at another: too old, or of the future. Empty where it does."""
    if as_of > now + AHEAD:
        return f"it is of the future: {as_of:%Y-%m-%d %H:%M %Z}, and now is {now:%Y-%m-%d %H:%M %Z}"
    if now - as_of > most:
        return f"it is older than {most / timedelta(hours=1):g} hours: {as_of:%Y-%m-%d %H:%M %Z}"
    return ""
