"""Credentials of work, design and storage software."""

from __future__ import annotations

from typing import Final

from otel_compliance.redact.secrets.family import Family, family

FAMILIES: Final[tuple[Family, ...]] = (
    family(
        "ATLASSIAN_TOKEN", ("ATATT3xFfG", "ATSTT3xFfG"), r"[A-Za-z0-9_=\-]{24,400}+", source="Atlassian, API tokens"
    ),
    family("LINEAR_KEY", ("lin_api_", "lin_oauth_"), r"[A-Za-z0-9]{32,64}+", source="Linear, API keys"),
    family("NOTION_TOKEN", "ntn_", r"[A-Za-z0-9]{40,60}+", source="Notion, integration tokens", word=True),
    family("NOTION_TOKEN", "secret_", r"[A-Za-z0-9]{43}(?![\w\-])", source="Notion, integration tokens", word=True),
    # A number for the format, the user's id, and 32 hexadecimal digits.
    family(
        "ASANA_TOKEN",
        tuple(f"{form}/{digit}" for form in "12" for digit in range(1, 10)),
        r"[0-9]{12,20}(?:/[0-9]{13,20})?:[0-9a-f]{32}",
        source="Asana, personal access tokens",
        word=True,
    ),
    family(
        "AIRTABLE_TOKEN",
        "pat",
        r"[A-Za-z0-9]{14}\.[0-9a-f]{32,64}+",
        source="Airtable, personal access tokens",
        word=True,
    ),
    family(
        "FIGMA_TOKEN", ("figd_", "figo_", "figu_", "figoh_", "figor_"), r"[\w\-]{32,64}+", source="Figma, access tokens"
    ),
    family("DROPBOX_TOKEN", "sl.", r"(?:u\.)?[\w\-]{60,1500}+", source="Dropbox, OAuth guide", word=True),
    family(
        "HUBSPOT_TOKEN",
        "pat-",
        r"[a-z]{2}[0-9]-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        source="HubSpot, private apps",
    ),
    family("CLICKUP_TOKEN", "pk_", r"[0-9]{5,10}_[A-Z0-9]{32}", source="ClickUp, personal tokens", word=True),
    family("TYPEFORM_TOKEN", "tfp_", r"[\w\-.=]{40,64}+", source="Typeform, personal access tokens", word=True),
    family("POSTMAN_KEY", "PMAK-", r"[0-9a-f]{24}-[0-9a-f]{34}", source="Postman, API keys"),
    family("README_KEY", "rdme_", r"[a-z0-9]{70}", source="ReadMe, API keys"),
    family("CONTENTFUL_TOKEN", "CFPAT-", r"[\w\-]{40,64}+", source="Contentful, personal access tokens"),
    family(
        "SALESFORCE_TOKEN",
        "00D",
        r"[A-Za-z0-9]{12,15}![A-Za-z0-9._]{80,120}+",
        source="Salesforce, session ids",
        word=True,
    ),
    family("FACEBOOK_TOKEN", "EAA", r"[A-Z][A-Za-z0-9]{96,300}+", source="Meta, access tokens", word=True),
    family("MAPBOX_TOKEN", ("sk.eyJ", "tk.eyJ"), r"[\w\-]{30,120}+\.[\w\-]{20,24}", source="Mapbox, access tokens"),
    family("FRAMEIO_TOKEN", "fio-u-", r"[\w\-=]{64}", source="Frame.io, developer tokens"),
    family("POSTHOG_KEY", "phx_", r"\w{40,64}+", source="PostHog, personal API keys", word=True),
    family("SEGMENT_TOKEN", "sgp_", r"[A-Za-z0-9]{64}(?![\w\-])", source="Segment, Public API tokens", word=True),
    family("SCRAPFLY_KEY", ("scp-live-", "scp-test-"), r"[0-9a-f]{32}", source="Scrapfly, API keys"),
    family("TEAMWORK_TOKEN", "tkn.v1_", r"[A-Za-z0-9]{70}=?", source="Teamwork, API keys"),
    family("NIGHTFALL_KEY", "NF-", r"[A-Za-z0-9]{32}(?![\w\-])", source="Nightfall, API keys", word=True),
    # The prefix of accounts in the oldest data centre, then the two parts.
    family("ZOHO_TOKEN", "1000.", r"[0-9a-f]{32}\.[0-9a-f]{32}", source="Zoho, OAuth tokens", word=True),
    family("WAKATIME_KEY", "waka_", r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", source="WakaTime, API keys"),
    family("LOB_KEY", ("live_", "test_"), r"[0-9a-f]{35}(?![\w\-])", source="Lob, API keys", word=True),
    family("DUFFEL_TOKEN", ("duffel_live_", "duffel_test_"), r"[\w\-]{40,44}", source="Duffel, access tokens"),
)
