"""What a refresh finds: the inputs of a resource as they stand in the cloud now."""

from __future__ import annotations

from lychgate.provisioner.sync.contrasting import Contrast
from lychgate.provisioner.sync.live.calling import Calls
from lychgate.provisioner.sync.live.readers import NOT_KEPT, READERS

from lychgate.model.graph import Resource
from tests.engine.plugins.cloud.calling import Cloud
from tests.engine.plugins.package import without_defaults
from tests.engine.plugins.wire import Properties


def refreshed(cloud: Cloud, type_: str, ident: str, inputs: Properties, known: Properties) -> Properties:
    """The inputs, with the cloud's values where these differ in more than their spelling, as the real provider has it:
    the engine then sees a change back to what the program says."""
    row = Resource("", type_, "", without_defaults(inputs), id=ident, custom=True, outputs=known)
    live = READERS[type_](Calls(cloud), row)
    contrast = Contrast()
    contrast.properties({name: value for name, value in row.properties.items() if name not in NOT_KEPT}, live)
    changed = {str(steps[0]) for steps, _, _ in contrast.found}
    return {
        name: live.get(name) if name in changed else value
        for name, value in inputs.items()
        if name not in changed or live.get(name) is not None
    }
