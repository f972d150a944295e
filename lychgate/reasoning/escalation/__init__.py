"""Who can become whom in AWS, and what that comes to: a pure library on plain records.

::

    moves = Moves([ci, deployer, user], [Workload("function api", "function", arn, holds=deployer.key)], policies)
    reach = Reach(moves, ci)
    reach.administrator                    # the steps to every right of the account, or None
    for principal, chain in reach.others:  # whom it can become, nearest first
        [str(step) for step in chain]      # "role ci may lambda:UpdateFunctionCode on ..., and so act as role deployer"
    reach.doubts                           # why there may be more: policies or trust that cannot be read

Whoever may write any policy into somebody that it can become has every right, or, where a boundary stays, all that the
boundary allows. `ways` lists the ways, each with its source. Not modelled: SCPs and RCPs; what is done to the image,
code or template that a workload loads; roles that no record speaks of; what one pod can do to another (Kubernetes RBAC
has rules of its own); that a Deny goes with the policy that is detached; older versions of policies; deployments of
CodeDeploy; what a trust policy demands of the tags of a session.
"""

from .moves import Moves
from .reach import Chain, Reach, unsure
from .records import Principal, Step, Workload
from .ways import EVERY_WAY, Way

__all__ = ["EVERY_WAY", "Chain", "Moves", "Principal", "Reach", "Step", "Way", "Workload", "unsure"]
