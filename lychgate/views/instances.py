"""Amazon EC2 instances and what they are launched from, as far as the instance metadata service goes.

Whether a request to it needs a session token (IMDSv2) is decided by the instance, else its launch template, else the
account's default, else the AMI, else it does not
(https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html#instance-metadata-options-order-of-precedence).
"""

from __future__ import annotations

from lychgate.model.graph import Resource
from lychgate.model.values import UnknownRead
from lychgate.views.base import View, first

INSTANCES = ("aws:ec2/instance:Instance", "aws:ec2/spotInstanceRequest:SpotInstanceRequest")
TEMPLATES = ("aws:ec2/launchTemplate:LaunchTemplate",)
CONFIGURATIONS = ("aws:ec2/launchConfiguration:LaunchConfiguration",)
DEFAULTS = ("aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults",)


class MetadataService(View):
    """The metadata service of an instance, or of those that a template or launch configuration will start."""

    types = (*INSTANCES, *TEMPLATES, *CONFIGURATIONS)
    __slots__ = ()

    @property
    def what(self) -> str:
        """What it belongs to, in a word for messages."""
        names = {TEMPLATES[0]: "launch template", CONFIGURATIONS[0]: "launch configuration"}
        return names.get(self.resource.type, "instance")

    @property
    def enabled(self) -> bool:
        """Whether it answers at all; it does unless something says otherwise."""
        return self._option("httpEndpoint") != "disabled"

    @property
    def tokens(self) -> str:
        """`required` (IMDSv2), `optional`, or empty where nothing in the program says: then the AMI decides.

        Raises UnknownRead where a launch template that is not part of the program may say so.
        """
        return self._option("httpTokens")

    def _option(self, name: str) -> str:
        own = self.read.block("metadataOptions").text(name)
        if own:
            return own
        template = self._template()
        inherited = template.read.block("metadataOptions").text(name) if template is not None else None
        return inherited or self._default(name)

    def _template(self) -> Resource | None:
        if self.resource.type not in INSTANCES or not self.read.has("launchTemplate"):
            return None
        block = self.read.block("launchTemplate")
        for name in ("id", "name"):
            if block.has(name):
                found = self.graph.resolve(block.value(name), *TEMPLATES)
                if found is not None and not found.external:
                    return found
        why = "is a launch template that is not part of the program: what it says of the metadata service is not known"
        raise UnknownRead(self.resource.urn, "launchTemplate", why)

    def _default(self, name: str) -> str:
        """The account's default for the region of the stack, where the program sets it."""
        account = first(one for one in self.graph.of_type(*DEFAULTS) if one.stack == self.resource.stack)
        said = account.read.text(name) if account is not None else None
        return "" if said in (None, "no-preference") else str(said)
