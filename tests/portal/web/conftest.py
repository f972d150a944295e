"""The server's pages, asked for without a network, on a checkout and a store of the tests' own."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from lychgate.portal.drafts import Draft
from lychgate.portal.editing import changed
from lychgate.portal.runs import Person
from lychgate.portal.verdicts import Judged
from lychgate.portal.web.app import make
from lychgate.portal.web.checkout import Checkout
from lychgate.portal.web.pages import Portal
from lychgate.portal.web.previews import Preview, Previews
from lychgate.portal.web.processes import Order, Told
from lychgate.portal.web.sessions import Sessions, User
from lychgate.portal.web.standing import Standing
from lychgate.reports.evidence.databases import Address
from lychgate.reports.evidence.store import Store
from starlette.testclient import TestClient

from lychgate.cli.serve import _opener, _version
from lychgate.sources.git import content_of
from tests.portal.conftest import World
from tests.reports.trend.stores import At, put

ORIGIN = "http://127.0.0.1:8080"
LOCAL = User(Person("local", "ada@example.com", frozenset()), "Ada Lovelace", local=True)
ADA = User(Person("ada", "ada@example.com", frozenset({"team-payments"})), "Ada Lovelace")


@dataclass
class Clock:
    """Seconds that only go on when they are told to."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Site:
    """The server and what it stands on. `verdict` is what judging comes to, or the error that it ends with."""

    world: World
    portal: Portal
    clock: Clock
    client: TestClient
    store: str
    orders: list[Order] = field(default_factory=list)
    verdict: Judged | Exception = field(default_factory=lambda: Judged({}, 0, 0))

    def log_in(self, user: User) -> TestClient:
        """Another browser, in which somebody is logged in."""
        client = TestClient(self.client.app, base_url=ORIGIN, follow_redirects=False)
        client.cookies.set("lychgate", self.portal.sessions.begin(user).id)
        return client

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def csrf(self, client: TestClient | None = None) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', (client or self.client).get("/requests").text)
        assert found
        return found[1]

    def post(self, path: str, fields: dict[str, str], client: TestClient | None = None, **headers: str) -> Any:
        """A form, sent as a browser sends it."""
        client = client or self.client
        return client.post(path, data={"csrf": self.csrf(client), **fields}, headers={"Origin": ORIGIN, **headers})

    def ask(self, path: str, fields: dict[str, str], client: TestClient | None = None) -> str:
        """The address of a request that was asked for, once it was judged."""
        answer = self.post(path, fields, client)
        assert answer.status_code == 303, text_of(answer.text)
        where: str = answer.headers["location"]
        for _ in range(200):
            if (client or self.client).get(f"{where}/progress").json()["done"]:
                return where
            time.sleep(0.01)
        raise AssertionError("it is not judged")

    def preview(self, where: str, user: User = LOCAL) -> Preview:
        """The request at an address."""
        found = self.portal.previews.find(where.rpartition("/")[2], user)
        assert found is not None
        return found

    def record(self, document: dict[str, Any], branch: str | None = "main") -> int:
        """Put a document into the store of evidence."""
        return put(
            Store.open(self.store, create=True, clock=At(datetime.now(UTC))), document, datetime.now(UTC), branch
        )

    def judge(self, order: Order, told: Told) -> Draft:
        """In the place of the processes: what is asked for is edited as it would be there, and judged as told."""
        self.orders.append(order)
        told("test")
        if isinstance(self.verdict, Exception):
            raise self.verdict
        asked = order.asked
        head = self.portal.checkout.head()
        waives = asked.action.operation == "waive"
        file = head.waivers_file() if waives else head.file_of(asked.application)
        before = content_of(self.world.root, order.commit, file).decode()
        after = f"{before}# waived\n" if waives else changed(before, file, asked)
        return Draft(asked, file, before, after, self.verdict)


def text_of(page: str) -> str:
    """What a page says, without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.fixture
def make_site(world: World, tmp_path: Any) -> Iterator[Callable[..., Site]]:
    opened: list[Portal] = []

    def site(user: User | None = LOCAL, **settings: Any) -> Site:
        clock, store = Clock(), str(tmp_path / "evidence.db")
        checkout = Checkout(world.root, lambda tree: _version(None, tree))
        found: list[Site] = []
        previews = Previews(checkout, lambda order, told: found[0].judge(order, told), _opener)
        portal = Portal(
            checkout=checkout, standing=Standing(lambda: Address.of(store), ["main", ""]), previews=previews,
            sessions=Sessions(clock), start="the-key",
            **({"local": LOCAL, "pushes": True, "origin": ORIGIN} | settings),
        )  # fmt: skip
        opened.append(portal)
        client = TestClient(make(portal, [ORIGIN]), base_url=ORIGIN, follow_redirects=False)
        found.append(Site(world, portal, clock, client, store))
        if user is not None:
            client.cookies.set("lychgate", portal.sessions.begin(user).id)
        return found[0]

    yield site
    for portal in opened:
        portal.previews.close()
        portal.checkout.close()


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    return make_site()
