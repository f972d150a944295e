"""Who is there: sessions, kept in this process alone, found by a cookie that says nothing but a random name."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from lychgate.portal.runs import Person

LIFETIME, IDLE = 8 * 3600.0, 3600.0  # seconds: of a session at most, and unused
UNDERWAY = 600.0  # seconds that a login may take
MOST, MOST_UNDERWAY = 5_000, 1_000


class LoginError(Exception):
    """Nobody is logged in by this; the text says why, without what was sent."""


@dataclass(frozen=True, slots=True)
class User:
    """Whose session it is. `local` is whoever has started the server: they may ask for what they could edit by hand."""

    person: Person
    name: str
    local: bool = False

    def may_ask(self, owner: str) -> bool:
        """Whether they may ask for a change of an application with this owner."""
        return self.local or self.person.owns(owner)


@dataclass(frozen=True, slots=True)
class Login:
    """A login that is under way at the provider of identities, and where it began."""

    state: str
    nonce: str
    verifier: str
    to: str


@dataclass(slots=True)
class Session:
    """A session; `user` is None while a login is under way."""

    id: str
    begun: float
    used: float
    user: User | None = None
    login: Login | None = None
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    def confirms(self, token: str) -> bool:
        """Whether a form was made for this session."""
        return hmac.compare_digest(token.encode(), self.csrf.encode())


class Sessions:
    """All that there are. Of those without a user the oldest give way, so that a stranger fills nothing up."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, Session] = {}
        self._underway: dict[str, Session] = {}

    def begin(self, user: User | None = None, login: Login | None = None) -> Session:
        """A new one: whoever logs in never keeps the name of a session that somebody else may have set."""
        now = self._clock()
        session = Session(secrets.token_urlsafe(32), now, now, user, login)
        with self._lock:
            kept, most = (self._known, MOST) if user else (self._underway, MOST_UNDERWAY)
            for name in [name for name, one in kept.items() if not self._lasts(one, now)]:
                del kept[name]
            while len(kept) >= most:
                del kept[next(iter(kept))]
            kept[session.id] = session
        return session

    def find(self, name: str) -> Session | None:
        """The session of a cookie, used again by this."""
        now = self._clock()
        with self._lock:
            session = self._known.get(name) or self._underway.get(name)
            if session is None or not self._lasts(session, now):
                return None
            session.used = now
            return session

    def end(self, session: Session) -> None:
        """End one; a login can be completed once."""
        with self._lock:
            self._known.pop(session.id, None)
            self._underway.pop(session.id, None)

    def _lasts(self, session: Session, now: float) -> bool:
        if session.user is None:
            return now - session.begun < UNDERWAY
        return now - session.begun < LIFETIME and now - session.used < IDLE
