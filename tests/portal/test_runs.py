"""Whatever Port may answer, it is understood or refused; nothing is guessed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lychgate.portal.client import Port, ServiceError
from lychgate.portal.runs import fetch, run_of

from lychgate.model.errors import InputError
from tests.portal.conftest import ADA
from tests.portal.port_server import CLIENT, SECRET, Organization, port_server

ID = "r_QOz6WoOB1Q2lmhZZ"
CREDENTIALS = {"PORT_CLIENT_ID": CLIENT, "PORT_CLIENT_SECRET": SECRET}
FIELDS = [
    "id",
    "status",
    "action",
    "entity",
    "properties",
    "createdBy",
    "teams",
    "teamsIdentifiers",
    "email",
    "endedAt",
]
WORDS = st.sampled_from(["", "auth0|ada", "ada@example.com", "IN_PROGRESS", "ACTIVE", ID, "payments", "APPROVED"])
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=6,
)


def told(organization: Organization, by: str = "auth0|ada", **more: Any) -> Any:
    organization.run(ID, "lychgate_sync", "payments.test.acme", {}, by, **more)
    port = Port(organization.url, CREDENTIALS)
    return run_of(port, fetch(port, ID))


def test_a_run_is_who_asked_for_what_and_who_agreed() -> None:
    with port_server() as organization:
        organization.user("ada", "team-payments")
        organization.user("grace", "Security", teamsIdentifiers=["security"])
        organization.approvers[ID] = [
            {"userId": "auth0|grace", "state": "APPROVED"}, {"userId": "auth0|ada", "state": "APPROVED"},
            {"userId": "auth0|grace", "state": "DECLINED"}, {"userId": None, "state": "APPROVED"},
        ]  # fmt: skip
        run = told(organization, requiredApproval={"type": "ANY"})
        assert (run.id, run.action, run.entity, dict(run.inputs)) == (ID, "lychgate_sync", "payments.test.acme", {})
        assert (run.by.email, run.by.teams) == ("ada@example.com", {"team-payments"})
        assert [(one.email, one.teams) for one in run.approved_by] == [("grace@example.com", {"security"})]


def test_an_owner_is_compared_letter_by_letter() -> None:
    assert ADA.owns("team-payments") and ADA.owns("ada@example.com")
    for other in ("team-payment", "Team-payments", "team-p\u0430yments", "ADA@example.com", "a", ""):
        assert not ADA.owns(other)


@pytest.mark.parametrize("what", ["run", "user", "users", "approvers"])
def test_what_is_of_another_shape_is_refused(what: str) -> None:
    with port_server() as organization:

        @settings(max_examples=60)
        @given(JSON, st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=3))
        def asked(value: Any, fields: dict[str, Any]) -> None:
            organization.user("ada", "team-payments")
            organization.run(ID, "lychgate_sync", "payments.test.acme", {}, "auth0|ada", requiredApproval=True)
            answers = {
                "run": {"ok": True, "run": {**organization.runs[ID], **fields} if fields else value},
                "user": {"ok": True, "user": {**organization.users["ada@example.com"], **fields} if fields else value},
                "users": {"ok": True, "users": [fields, value] if fields else value},
                "approvers": {"ok": True, "approvers": [fields, value] if fields else value},
            }
            path = {
                "run": f"/v1/actions/runs/{ID}", "user": "/v1/users/ada%40example.com", "users": "/v1/users",
                "approvers": f"/v1/actions/runs/{ID}/approvers",
            }  # fmt: skip
            answer = Organization.answer
            organization.answer = lambda method, at, body: (  # type: ignore[method-assign]
                (200, answers[what]) if at == path[what] else answer(organization, method, at, body)
            )
            port = Port(organization.url, CREDENTIALS)
            try:
                run = run_of(port, fetch(port, ID))
            except (InputError, ServiceError) as error:
                assert str(error)
                return
            assert run.by.id == "auth0|ada" and run.by.email == "ada@example.com" and run.id == ID

        asked()
