"""Which images containers run."""

from lychgate import Answer, Case, fail, rule
from lychgate.views.kubernetes_workloads import Workload

POD = """
        import pulumi_kubernetes as k8s

        k8s.core.v1.Pod("api", spec={%s})
        """
DIGEST = "sha256:0000000000000000000000000000000000000000000000000000000000000000"


@rule(
    id="kubernetes-image-by-tag",
    title="An image is named by a tag, which can move to other content",
    layer="operations",
    severity="medium",
    judges=Workload,
    scope="resource",
    rationale="""A tag is a name that whoever may push can give to another image, so what was scanned and approved need
    not be what starts tomorrow on another node. A digest names the content itself.""",
    remediation="""Name images by digest: `registry.example.com/api@sha256:...` (a tag before it is for people). A build
    gives it: `image.ref` of docker-build, `repoDigest` of docker.""",
    compliant=[
        POD % f'"containers": [{{"name": "api", "image": "registry.example.com/api@{DIGEST}"}}]',
        POD % f'"containers": [{{"name": "api", "image": "registry.example.com/api:1.4.2@{DIGEST}"}}]',
        f"""
        import pulumi
        import pulumi_aws as aws
        import pulumi_kubernetes as k8s

        repository = aws.ecr.Repository("api")
        k8s.core.v1.Pod(
            "api",
            spec={{
                "containers": [
                    {{"name": "api", "image": pulumi.Output.concat(repository.repository_url, "@", "{DIGEST}")}}
                ]
            }},
        )
        """,
    ],
    violating=[
        POD % '"containers": [{"name": "api", "image": "nginx"}]',
        POD % '"containers": [{"name": "api", "image": "registry.example.com:5000/api:1.4.2"}]',
        POD
        % f"""
            "containers": [{{"name": "api", "image": "registry.example.com/api@{DIGEST}"}}],
            "init_containers": [
                {{"name": "migrate", "image": "registry.example.com/migrate:latest", "image_pull_policy": "Always"}}
            ],
        """,
    ],
)
def kubernetes_image_by_tag(workload: Workload, case: Case) -> Answer:
    """A digest stands after `@`."""
    found = workload.told(lambda container: _tag(container.image(case.graph)))
    return fail(f"The {'; '.join(found)}: whoever may push can change what runs.") if found else workload.otherwise


def _tag(image: str | None) -> str | None:
    if image is None:
        return None
    tag = image.rpartition("/")[2].partition(":")[2]
    return f"has the image {image}, {f'by the tag {tag}' if tag else 'which means latest'}"
