"""What is asked for: the forms, and a request from its form over its verdict to the merge request."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
from lychgate.portal.actions import ACTIONS, FINDING, PREFIX, WAIVER, Action, checked
from lychgate.portal.editing import changed
from lychgate.portal.kinds import KINDS, Input, Kind
from lychgate.portal.runs import Run
from lychgate.portal.web import showing
from lychgate.portal.web.checkout import Head
from lychgate.portal.web.forms import Form, blank, texts_of, values_of, words
from lychgate.portal.web.pages import RefusedError, Visit, application_of, environments_of, may_ask, report_of
from lychgate.portal.web.previews import Preview
from lychgate.portal.web.processes import Order
from lychgate.portal.web.standing import Board
from lychgate.provisioner.models.application import Application
from lychgate.provisioner.models.names import SINGLE, parts_of
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from lychgate.model.errors import InputError
from lychgate.model.escaping import escape
from lychgate.model.people import is_one_of

THROUGH = "Lychgate's portal"
MOST_FINDINGS = 300  # that a form offers
APPROVER_WORDS = "Who answers for it, and approves the merge request: somebody else than you"
APPROVER = Input(("approver",), {"type": "string", "minLength": 1, "maxLength": 200}, APPROVER_WORDS, True)
ASK_WAIVER = Action(
    f"{PREFIX}ask_waiver", "Ask for a waiver", "waive", FINDING, {**WAIVER, "approver": APPROVER}
)  # fmt: skip
OPERATIONS = {"new": "create", "change": "update", "delete": "delete"}


def form(visit: Visit) -> Response:
    """The form by which a thing is made, changed or deleted; and what was filled in, judged or refused."""
    head, name = visit.portal.checkout.head(), visit.part("application")
    spec, operation = application_of(head, name), OPERATIONS[visit.part("operation")]
    may_ask(visit, name, spec)
    kind, thing, there = _about(head, name, spec, operation, visit.part("about"))
    action = ACTIONS[f"{PREFIX}{operation}_{kind.identifier}"]
    known = {name: str(value) for name, value in texts_of(kind, there).items()} if operation == "update" else {}
    if visit.request.method != "POST":
        return _form(visit, head, name, spec, kind, thing, there, blank(action, known))
    made = blank(action, visit.form)
    inputs = made.inputs(values_of(kind, there) if operation == "update" else {})
    if operation == "update" and visit.form.get("from") != head.commit and not made.wrong:
        made.errors.append("The files are of another commit since this form was opened: check what is filled in.")
    if not made.wrong:
        try:
            preview = _changed(visit, head, name, kind, thing, action, inputs, made)
        except InputError as error:
            made.take(error, "", kind, thing)
            preview = None
        if preview is not None:
            return RedirectResponse(f"/requests/{preview.id}", 303)
    return _form(visit, head, name, spec, kind, thing, there, made)


def _form(
    visit: Visit, head: Head, name: str, spec: Application, kind: Kind, thing: str, there: Mapping[str, Any], made: Form
) -> Response:
    status = 422 if made.wrong else 200
    tenants = [one for one in spec.tenants if one != SINGLE]
    names = {"environments": sorted(head.platform.environments), "tenants": tenants}
    for one in made.fields:
        one.known = names.get(one.name, ())
    stacks = len(environments_of(head)) * (1 + len(spec.tenants))
    return visit.page(
        "form.html", status, head=head, name=name, spec=spec, kind=kind, thing=thing, there=there, form=made,
        stacks=stacks, retiring=bool(there.get("retiring")),
    )  # fmt: skip


def _changed(
    visit: Visit, head: Head, name: str, kind: Kind, thing: str, action: Action, inputs: Mapping[str, Any], made: Form
) -> Preview | None:
    """A request, being judged; None where the form says what is wrong with it. Raises InputError."""
    entity = name if action.operation == "create" else f"{name}.{thing}"
    asked = checked(_run(visit, head, action, entity, inputs), action, head.platform)
    file = head.file_of(name)
    before = head.text_of(file)
    after = changed(before.removeprefix("\ufeff"), file, asked)
    try:
        visit.portal.checkout.validate(head, name, after)
    except InputError as error:
        made.take(error, after, kind, asked.name)
        return None
    return _begin(visit, head, Preview(asked, visit.user, head.commit, file, before, after))


def _run(visit: Visit, head: Head, action: Action, entity: str, inputs: Mapping[str, Any]) -> Run:
    person = visit.user.person
    if visit.user.local:  # who could edit the files by hand belongs to every team
        person = replace(person, teams=frozenset(one.owner for one in head.platform.applications.values()))
    return Run(f"s_{secrets.token_hex(8)}", action.identifier, entity, inputs, person, (), THROUGH)


def _begin(visit: Visit, head: Head, preview: Preview) -> Preview:
    portal = visit.portal
    order = Order(preview.asked, portal.checkout.start, head.commit, portal.settings)
    return portal.previews.begin(preview, order)


def requests(visit: Visit) -> Response:
    """A user's own requests of this server's life."""
    return visit.page("requests.html", previews=visit.portal.previews.of(visit.user))


def preview(visit: Visit) -> Response:
    """A request: what it changes, how it is judged, the merge request that it would be."""
    one = _preview(visit)
    waives = one.asked.action.operation == "waive"
    draft, judged = one.draft, one.draft.judged if one.draft else None
    verdicts = judged.verdicts if judged else {}
    return visit.page(
        "preview.html", preview=one, draft=draft, asked=one.asked, waives=waives,
        changes=showing.changes(judged) if judged else [],
        findings=showing.findings(verdicts.values(), as_is=waives),
        titles={**showing.TITLES, **(showing.OPEN if waives else {})},
        stacks=showing.stacks(judged, one.asked.application) if judged else [], environments=sorted(verdicts),
        proposal=draft.proposal() if draft and not draft.status else None,
        stale=visit.portal.previews.stale(one) if one.state == "judged" else "",
        errors=[(f"{each.file}:{each.line}" if each.line else "", words(each)) for each in one.errors],
    )  # fmt: skip


def progress(visit: Visit) -> Response:
    """How far a request is, for the page's script."""
    one = _preview(visit)
    return JSONResponse({"state": one.state, "step": escape(one.step), "done": not one.under_way})


def patch(visit: Visit) -> Response:
    """What a request changes, for `git apply`: of what may be proposed alone."""
    one = _preview(visit)
    why = "It may not be proposed." if one.draft is None or one.draft.status else visit.portal.previews.stale(one)
    if why:
        raise RefusedError(409, "There is no patch", why)
    name = f"{one.asked.application}-{one.asked.run.id}.patch"
    return PlainTextResponse(one.patch, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def preview_report(visit: Visit) -> Response:
    """The report of a request's verdict on an environment."""
    one = _preview(visit)
    verdict = one.draft.judged.verdicts.get(visit.part("environment")) if one.draft else None
    if verdict is None:
        raise RefusedError(404, "There is no such report", "The request is not judged, or not for this environment.")
    return report_of(orjson.dumps(verdict), "the verdict")


def submit(visit: Visit) -> Response:
    """Open the merge request of a request that was judged."""
    one = _preview(visit)
    visit.portal.previews.submit(one, visit.form.get("digest", ""))
    return RedirectResponse(f"/requests/{one.id}", 303)


def waiver_form(visit: Visit) -> Response:
    """The form by which a waiver is asked for; and what was filled in, judged or refused."""
    head, board = visit.portal.checkout.head(), visit.portal.standing.board()
    head.waivers_file()  # raises InputError
    options = _open(visit, head, board)
    chosen = visit.form.get("finding") or visit.request.query_params.get("finding", "")
    made, wrong = blank(ASK_WAIVER, visit.form), ""
    if visit.request.method == "POST":
        inputs = made.inputs({})
        wrong = "" if chosen in dict(options) else "It has to be one of these."
        person = visit.user.person
        approver = next(one for one in made.fields if one.name == "approver")
        if approver.text and is_one_of(approver.text, (person.email, visit.user.name)):
            approver.error = "Somebody else has to answer for it."
        if not made.wrong and not wrong:
            return _asked_waiver(visit, head, chosen, inputs)
    status = 422 if made.wrong or wrong else 200
    shown = [one for one in options if one[0] == chosen] + [one for one in options[:MOST_FINDINGS] if one[0] != chosen]
    return visit.page(
        "waiver_form.html", status, head=head, form=made, options=shown, chosen=chosen, wrong=wrong, board=board
    )


def _asked_waiver(visit: Visit, head: Head, chosen: str, inputs: Mapping[str, Any]) -> Response:
    application = chosen.partition(".")[0]
    may_ask(visit, application, application_of(head, application))
    asked = checked(_run(visit, head, ASK_WAIVER, chosen, inputs), ASK_WAIVER, head.platform)
    file = head.waivers_file()
    made = _begin(visit, head, Preview(asked, visit.user, head.commit, file, head.text_of(file), ""))
    return RedirectResponse(f"/requests/{made.id}", 303)


def _open(visit: Visit, head: Head, board: Board) -> list[tuple[str, str]]:
    """The findings that a user may ask a waiver for, as recorded: what the form sends, and words."""
    found = []
    for stack, stood in sorted(board.stacks.items()):
        parts = parts_of(stack)
        spec = head.platform.applications.get(parts[0]) if parts else None
        if spec is not None and visit.user.may_ask(spec.owner):
            found += [(f"{stack}.{mark}", f"{stack}: {rule} on {name}") for mark, rule, name in stood.open]
    return found


def _about(
    head: Head, name: str, spec: Application, operation: str, about: str
) -> tuple[Kind, str, Mapping[str, Any]]:  # fmt: skip
    """The kind that a form is of, and the thing that it is about with what the file says of it."""
    if operation == "create":
        if about not in KINDS:
            raise RefusedError(404, "There is no such kind", "The kinds of things are listed at each application.")
        return KINDS[about], "", {}
    one = spec.workloads.get(about) or spec.resources.get(about)
    if one is None:
        raise RefusedError(404, "There is no such thing", f"{name} has nothing of this name in the newest commit.")
    kind = KINDS[one.kind]
    return kind, about, head.platform.documents[f"applications/{name}"].value[kind.section][about]


def _preview(visit: Visit) -> Preview:
    found = visit.portal.previews.find(visit.part("id"), visit.user)
    if found is None:
        why = "It was somebody else's, or of an earlier start of this server, which keeps requests in memory alone."
        raise RefusedError(404, "There is no such request", why)
    return found
