"""Which change reaches production: of the protected branch, approved by a second person, as it was committed."""

from __future__ import annotations

import re
from dataclasses import replace

from lychgate.policies.preflight.examples import COMMIT, GRACE, NOON, OLDER, PRODUCTION, TEST

from lychgate.judging.preflight import preflight
from lychgate.model.outcome import PASS, Answer, fail, not_applicable, unknown
from lychgate.model.sync_request import Approval, SyncRequest, known
from lychgate.model.values import Unknown

# Accounts that GitLab makes for access tokens and services: whoever made the token would approve with it.
# https://docs.gitlab.com/user/project/settings/project_access_tokens/#bot-users-for-projects
BOT = re.compile(r"(project|group)_\d+_bot(_.*)?|service_account_.*|.*\[bot\]|ghost\d*")
NOT_PRODUCTION = not_applicable("is not production")


@preflight(
    id="production-synced-from-unprotected-branch",
    title="Production is synced from another branch than the protected one",
    rationale="""
        Only a protected branch has merge requests, reviews and pipelines that nobody can go around. A branch of the
        same name elsewhere, or a commit that was never merged, has none of them.
    """,
    remediation="Merge the change into the environment's branch, and let the pipeline of that branch sync it.",
    applying=True,
    compliant=[PRODUCTION, TEST],
    violating=[
        replace(PRODUCTION, branch="main-hotfix"),
        replace(PRODUCTION, branch="Main"),
        replace(PRODUCTION, branch_protected=False),
        replace(PRODUCTION, branch_holds_commit=False),
    ],
)
def production_synced_from_unprotected_branch(sync: SyncRequest) -> Answer:
    """The environment's branch by its exact name, which is protected and holds the commit."""
    if not known(sync.production):
        return NOT_PRODUCTION
    wanted, branch = known(sync.branch_wanted), known(sync.branch)
    if branch != wanted:
        return fail(f"The branch is {branch}, where production is synced from {wanted}.")
    if not known(sync.branch_protected):
        return fail(f"The branch {branch} is not protected.")
    if not known(sync.branch_holds_commit):
        return fail(f"The commit {known(sync.commit)[:12]} is not on the protected branch {branch}.")
    return PASS


@preflight(
    id="production-synced-without-approval",
    title="Nobody else has approved what is synced into production",
    rationale="""
        Each change in production is approved by a second person (PCI DSS 6.5.1). Neither whoever asks for the sync
        nor whoever wrote the change is one, nor is a token's account, and an approval of an earlier commit says nothing
        about this one.
    """,
    remediation="Have somebody else approve the merge request at its last commit, then sync the commit it became.",
    applying=True,
    compliant=[PRODUCTION, TEST, replace(PRODUCTION, approvals=(replace(GRACE, by="ada"), GRACE))],
    violating=[
        replace(PRODUCTION, approvals=()),
        replace(PRODUCTION, approvals=(Approval("Ada", NOON, COMMIT),)),
        replace(PRODUCTION, requester="grace"),
        replace(PRODUCTION, requester="pipeline", authors=("grace",)),
        replace(PRODUCTION, approvals=(replace(GRACE, commit=OLDER),)),
        replace(PRODUCTION, approvals=(replace(GRACE, by="project_7_bot_1f2e3d"),)),
    ],
)
def production_synced_without_approval(sync: SyncRequest) -> Answer:
    """An approval of this very commit by somebody who neither asks for it nor wrote it."""
    if not known(sync.production):
        return NOT_PRODUCTION
    approvals, commit = known(sync.approvals), known(sync.commit)
    if not approvals:
        return fail(f"Nobody has approved the commit {commit[:12]}.")
    own = {_person(name) for name in (known(sync.requester), *known(sync.authors))}
    others = [one for one in approvals if _person(one.by) not in own and not BOT.fullmatch(_person(one.by))]
    if not others:
        names = ", ".join(sorted({one.by for one in approvals}))
        return fail(f"It is approved only by who asks for it or wrote it, or by a token's account: {names}.")
    if any(not isinstance(one.commit, Unknown) and one.commit == commit for one in others):
        return PASS
    for one in others:
        if isinstance(one.commit, Unknown):
            return unknown(f"which commit {one.by} has approved: {one.commit.why}")
    told = ", ".join(f"{one.by} of {known(one.commit)[:12]}" for one in others)
    return fail(f"The approvals are of other commits than {commit[:12]}: {told}.")


def _person(name: str) -> str:
    """A name as it is compared: `@Ada` and `ada` are one account."""
    return name.strip().removeprefix("@").casefold()


@preflight(
    id="production-synced-from-changed-files",
    title="What is synced into production is not what was committed",
    rationale="A branch and an approval say something about a commit, and nothing about files that differ from it.",
    remediation="Sync from a clean checkout of the commit.",
    applying=True,
    compliant=[PRODUCTION, TEST],
    violating=[replace(PRODUCTION, changed=("environments/production.yaml",))],
)
def production_synced_from_changed_files(sync: SyncRequest) -> Answer:
    """Every file that the stack is made from is the commit's."""
    if not known(sync.production):
        return NOT_PRODUCTION
    changed = known(sync.changed)
    if not changed:
        return PASS
    more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
    return fail(f"Not as the commit {known(sync.commit)[:12]} has them: {', '.join(changed[:3])}{more}.")
