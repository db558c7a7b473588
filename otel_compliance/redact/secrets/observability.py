"""Credentials of observability and incident response."""

from __future__ import annotations

from typing import Final

from otel_compliance.redact.secrets.family import Family, family

FAMILIES: Final[tuple[Family, ...]] = (
    family("DATADOG_KEY", ("ddapp_", "ddpat_", "ddp_"), r"[\w\-]{32,80}+", source="Datadog, API and application keys"),
    family(
        "NEW_RELIC_KEY",
        ("NRAK-", "NRII-", "NRIQ-", "NRRA-", "NRAL-", "NRBR-", "NRSP-"),
        r"[\w\-]{16,64}+",
        source="New Relic, API keys",
    ),
    family(
        "SENTRY_TOKEN",
        ("sntrys_", "sntryu_", "sntrya_", "sntryi_"),
        r"[\w=+/\-]{32,500}+",
        source="Sentry, auth tokens",
    ),
    family(
        "GRAFANA_TOKEN", ("glsa_", "glc_"), r"[\w+/=\-]{32,400}+", source="Grafana, service accounts and cloud tokens"
    ),
    family("GRAFANA_TOKEN", "eyJrIjoi", r"[A-Za-z0-9]{40,400}+={0,2}", source="Grafana, API keys", word=True),
    family("PAGERDUTY_KEY", ("pdus+_", "pdeu+_"), r"0[\w\-]{20,40}+", source="PagerDuty, OAuth tokens"),
    family(
        "HONEYCOMB_KEY", ("hcaik_", "hcbik_", "hcamk_", "hcxik_"), r"[a-z0-9]{50,64}+", source="Honeycomb, API keys"
    ),
    family(
        "DYNATRACE_TOKEN",
        ("dt0c01.", "dt0s16.", "dt0s01."),
        r"[A-Z0-9]{8,24}\.[A-Z0-9]{16,64}+",
        source="Dynatrace, tokens",
    ),
    family("POSTHOG_KEY", ("phx_", "phs_"), r"[A-Za-z0-9]{32,60}+", source="PostHog, personal API keys", word=True),
    family("LOGFIRE_TOKEN", ("pylf_v",), r"[0-9]_[a-z]{2,10}_[A-Za-z0-9]{16,60}+", source="Pydantic Logfire, tokens"),
    family("ROOTLY_KEY", "rootly_", r"[0-9a-f]{64}", source="Rootly, API keys"),
)
