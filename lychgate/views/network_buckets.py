"""Whether the internet reads or writes a bucket: by a policy or an ACL, where the public access block does not stop it.

A policy for everyone has no effect with `restrictPublicBuckets`, a public ACL none with `ignorePublicAcls`; the other
two switches refuse to set them, which does not help against what was set before
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html). A new bucket has all
four on, and a block of the account counts for all its buckets.
"""

from __future__ import annotations

from lychgate.model.graph import Resource
from lychgate.views.base import View
from lychgate.views.iam_principals import account_of
from lychgate.views.resource_policies import policies_on
from lychgate.views.s3 import PUBLIC_ACCESS_BLOCKS, PUBLIC_ACCESS_SWITCHES, Bucket

ACCOUNT_BLOCKS = ("aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",)
CANNED = ("public-read", "public-read-write", "authenticated-read", "website")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#specifying-grantee
EVERYONE = (
    "http://acs.amazonaws.com/groups/global/AllUsers",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
)


class PublicBucket(Bucket):
    """A bucket, as far as the internet gets at it."""

    types = Bucket.types
    __slots__ = ()

    def _blocked(self, switch: str) -> bool:
        account = account_of(self.graph, self.resource)
        of_account = (
            one.read.flag(switch)
            for one in self.graph.of_type(*ACCOUNT_BLOCKS)
            if not one.external and account_of(self.graph, one) == account
        )
        return self.public_access_block[switch] or any(of_account)

    @property
    def public_policy(self) -> str:
        """The policy that lets everyone in, and what it lets them do; empty where none does."""
        if self._blocked("restrictPublicBuckets"):
            return ""
        for policy in policies_on(self.graph, self.resource):
            for grant in policy.everyone:
                return f"the {policy.what} lets everyone call {grant.action} on {grant.resource}"
        return ""

    @property
    def public_acl(self) -> str:
        """The ACL that lets everyone in; empty where none does."""
        if self._blocked("ignorePublicAcls"):
            return ""
        for one in (self.resource, *self.companions("BucketAcl")):
            canned = one.read.text("acl")
            if canned in CANNED:
                return f"the ACL is {canned}"
            if any(uri in EVERYONE for uri in _grantees(one)):
                return "the ACL has a grant for everyone"
        return ""

    @property
    def website(self) -> bool:
        """Whether it answers as a website, over plain HTTP."""
        return self.inline("website").has("indexDocument") or bool(self.companions("BucketWebsiteConfiguration"))


def _grantees(resource: Resource) -> list[str]:
    """The URIs that grants of an ACL name, in the bucket's own form and in BucketAcl's."""
    own = [one.text("uri") or "" for one in resource.read.blocks("grants")]
    control = resource.read.block("accessControlPolicy").blocks("grants")
    return own + [one.block("grantee").text("uri") or "" for one in control]


class PublicAccessBlock(View):
    """A bucket's own public access block: what it leaves out is switched off."""

    types = (*PUBLIC_ACCESS_BLOCKS, *ACCOUNT_BLOCKS)
    __slots__ = ()

    @property
    def off(self) -> list[str]:
        """The switches that are off."""
        return [name for name in PUBLIC_ACCESS_SWITCHES if not self.read.flag(name)]
