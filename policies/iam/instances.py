"""The instance metadata service, where an instance gets its role's credentials."""

from lychgate import PASS, Answer, Case, fail, rule
from lychgate.views.instances import MetadataService

from .examples import plain


@rule(
    id="ec2-instance-without-imdsv2",
    title="An instance gives its role's credentials to any request from it",
    layer="iam",
    severity="high",
    judges=MetadataService,
    rationale="""With the first version of the metadata service, a forged request (SSRF) through a web application
    returns the credentials of the instance's role. The second one needs a session token that such a request cannot
    get (PCI DSS 2.2.6).""",
    remediation="""Set `metadata_options={"http_tokens": "required"}` on the instance or its launch template, or
    `aws.ec2.InstanceMetadataDefaults(http_tokens="required")` for the account.""",
    compliant=[
        plain(
            """
            aws.ec2.Instance(
                "web", ami="ami-0a1b2c3d", instance_type="t3.micro", metadata_options={"http_tokens": "required"}
            )
            template = aws.ec2.LaunchTemplate(
                "batch",
                image_id="ami-0a1b2c3d",
                metadata_options=aws.ec2.LaunchTemplateMetadataOptionsArgs(http_tokens="required"),
            )
            aws.ec2.Instance("batch", launch_template={"id": template.id, "version": "$Latest"})
            aws.ec2.Instance(
                "none", ami="ami-0a1b2c3d", instance_type="t3.micro", metadata_options={"http_endpoint": "disabled"}
            )
            """
        ),
        plain(
            """
            aws.ec2.LaunchTemplate("batch", image_id="ami-0a1b2c3d")
            aws.ec2.InstanceMetadataDefaults("account", http_tokens="required")
            """
        ),
    ],
    violating=[
        plain(
            """
            aws.ec2.Instance("web", ami="ami-0a1b2c3d", instance_type="t3.micro")
            """
        ),
        # The instance overrides its template
        plain(
            """
            template = aws.ec2.LaunchTemplate(
                "web", image_id="ami-0a1b2c3d", metadata_options={"http_tokens": "required"}
            )
            aws.ec2.Instance(
                "web", launch_template={"name": template.name}, metadata_options={"http_tokens": "optional"}
            )
            """
        ),
        # Only the hop limit; no preference; a launch configuration
        plain(
            """
            aws.ec2.LaunchTemplate(
                "hops",
                image_id="ami-0a1b2c3d",
                metadata_options={"http_put_response_hop_limit": 1, "http_endpoint": "enabled"},
            )
            aws.ec2.InstanceMetadataDefaults("account", http_tokens="no-preference")
            aws.ec2.LaunchConfiguration("old", image_id="ami-0a1b2c3d", instance_type="t3.micro")
            """
        ),
    ],
)
def ec2_instance_without_imdsv2(service: MetadataService, case: Case) -> Answer:
    """Tokens are required, or the service is off."""
    if service.tokens == "required" or not service.enabled:
        return PASS
    says = "says that tokens are optional" if service.tokens else "does not ask for tokens, so it is left to the image"
    return fail(
        f"The {service.what} {says}: a request that is forged through an application on it can read the credentials of "
        "its role (IMDSv1)."
    )
