"""Credentials of source hosting, continuous integration and package registries."""

from __future__ import annotations

from typing import Final

from otel_compliance.redact.secrets.family import Family, around, family

_GITLAB: Final = "GitLab, security: token prefixes"

FAMILIES: Final[tuple[Family, ...]] = (
    # Personal, OAuth, user-to-server, server-to-server and refresh tokens.
    family(
        "GITHUB_TOKEN",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
        r"[A-Za-z0-9]{20,255}+",
        source="GitHub, token formats",
    ),
    family("GITHUB_TOKEN", "github_pat_", r"\w{22,255}+", source="GitHub, token formats"),
    # Personal, pipeline trigger, runner, deploy, feed, incoming mail, agent, SCIM, feature flags, OAuth, CI job.
    family(
        "GITLAB_TOKEN",
        (
            *("glpat-", "glptt-", "glrt-", "glrtr-", "gldt-", "glft-", "glimt-", "glagent-", "glsoat-"),
            *("glffct-", "gloas-", "glcbt-", "GR1348941"),
        ),
        r"[\w\-]{16,300}+(?:\.[0-9a-z]{2}\.[0-9a-z]{7,9})?",
        source=_GITLAB,
    ),
    family("GITLAB_SESSION", "_gitlab_session=", r"[0-9a-f]{32}", source=_GITLAB),
    family("BITBUCKET_TOKEN", "ATBB", r"[A-Za-z0-9_=\-]{24,40}+", source="Bitbucket Cloud, app passwords", word=True),
    family("BITBUCKET_TOKEN", "ATCTT3xFfG", r"[A-Za-z0-9_=\-]{30,300}+", source="Bitbucket Cloud, access tokens"),
    family(
        "SOURCEGRAPH_TOKEN",
        "sgp_",
        r"(?:[0-9a-fA-F]{16}_|local_)?[0-9a-fA-F]{40}(?!\w)",
        source="Sourcegraph, access tokens",
    ),
    family("SOURCEGRAPH_LICENSE", "slk_", r"[0-9a-f]{64}", source="Sourcegraph, license keys", word=True),
    family("NPM_TOKEN", "npm_", r"[A-Za-z0-9]{36,40}+", source="npm, access tokens"),
    family("PYPI_TOKEN", "pypi-", r"AgE[\w\-]{30,500}+", source="PyPI, API tokens"),
    family("RUBYGEMS_KEY", "rubygems_", r"[0-9a-f]{32,48}+", source="RubyGems guides, API key scopes"),
    family("CRATES_TOKEN", "cio", r"[A-Za-z0-9]{32}(?![\w\-])", source="crates.io, API tokens", word=True),
    family("NUGET_KEY", "oy2", r"[a-z0-9]{43}(?![\w\-])", source="NuGet, API keys", word=True),
    family("DOCKER_TOKEN", ("dckr_pat_", "dckr_oat_"), r"[\w\-]{20,64}+", source="Docker, access tokens"),
    family("CLOJARS_TOKEN", "CLOJARS_", r"[0-9a-z]{60}", source="Clojars, deploy tokens"),
    family("CIRCLECI_TOKEN", ("CCIPAT_", "CCIPRJ_"), r"[A-Za-z0-9]{16,24}_[0-9a-z]{40}", source="CircleCI, API tokens"),
    family("BUILDKITE_TOKEN", ("bkua_", "bkaj_", "bkct_"), r"[0-9A-Za-z]{36,64}+", source="Buildkite, token security"),
    around(
        "SNYK_TOKEN",
        "_uat.",
        r"snyk_uat\.[0-9a-f]{8}\.[\w\-]{40,80}+",
        source="Snyk, API tokens",
        before=range(4, 5),
    ),
    family("SONAR_TOKEN", ("squ_", "sqp_", "sqa_"), r"[0-9a-f]{40}", source="SonarQube, tokens", word=True),
    family("JFROG_KEY", "AKCp", r"[A-Za-z0-9]{60,80}+", source="JFrog, API keys", word=True),
    family("JFROG_TOKEN", "cmVmdGtu", r"[A-Za-z0-9]{56}", source="JFrog, reference tokens", word=True),
)
