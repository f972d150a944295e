# The image of runners: no root, no compiler, and nothing written outside of /tmp and the home.
#
#   docker build --build-arg PYTHON=python:3.11-slim-bookworm@sha256:... --target gate --tag lychgate .
#   docker run --rm --read-only --tmpfs /tmp --tmpfs /home/lychgate:uid=10001 --volume "$PWD:/work:ro" lychgate \
#     lychgate check examples/compliant
#
# Whoever builds says which images are built on, each with its digest: a build is then what it was the last time.
# `gate` judges; `sync` has the pulumi command too, from --build-arg PULUMI=pulumi/pulumi-base:VERSION@sha256:...
ARG PYTHON
ARG PULUMI=scratch

FROM ${PULUMI} AS pulumi

FROM ${PYTHON} AS build
ARG PYTHON
RUN case "$PYTHON" in *@sha256:*) ;; *) echo "PYTHON is $PYTHON: give it with its digest, IMAGE@sha256:..." >&2; exit 1 ;; esac
RUN python -m pip install --no-cache-dir --root-user-action=ignore --target /opt/uv uv==0.13.9
ENV UV_PYTHON_DOWNLOADS=never UV_SYSTEM_CERTS=true UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_NO_CACHE=1 UV_PROJECT_ENVIRONMENT=/opt/lychgate
WORKDIR /src
COPY pyproject.toml uv.lock README.md ./
COPY lychgate lychgate
COPY policies policies
COPY pipeline pipeline
COPY portal portal
COPY provisioner provisioner
COPY reports reports
COPY rulesets rulesets
# With pip, which the Pulumi engine asks what is installed.
RUN /opt/uv/bin/uv venv --quiet --seed --python "$(command -v python3)" /opt/lychgate \
  && /opt/uv/bin/uv sync --quiet --locked --inexact --no-dev --no-editable \
    --extra cli --extra sync --extra pack --extra reports --extra evidence --extra sigstore --extra serve

FROM ${PYTHON} AS gate
RUN apt-get update -qq \
  && apt-get install -qq -y --no-install-recommends git > /dev/null \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --uid 10001 --home-dir /home/lychgate --create-home --shell /usr/sbin/nologin lychgate
COPY --from=build /opt/lychgate /opt/lychgate
ENV PATH=/opt/lychgate/bin:$PATH HOME=/home/lychgate PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /work
CMD ["lychgate", "--help"]

FROM gate AS sync
COPY --from=pulumi /pulumi/bin /opt/pulumi
ENV PATH=/opt/pulumi:$PATH PULUMI_SKIP_UPDATE_CHECK=true
