"""Credentials of clouds and hosting."""

from __future__ import annotations

from typing import Final

from otel_compliance.redact.secrets.family import Family, around, family

FAMILIES: Final[tuple[Family, ...]] = (
    # Access keys, temporary ones, bearer tokens of services, context-specific credentials.
    family(
        "AWS_KEY",
        ("AKIA", "ASIA", "ABIA", "ACCA"),
        r"[A-Z0-9]{16}(?![A-Za-z0-9])",
        source="AWS, IAM User Guide: IAM identifiers",
        word=True,
    ),
    # The session token of STS begins with a time in protocol buffers.
    family(
        "AWS_SESSION_TOKEN",
        ("IQoJb3JpZ2lu", "FwoGZXIvYXdz", "FQoGZXIvYXdz"),
        r"[A-Za-z0-9+/]{16,4000}+={0,2}",
        source="AWS, STS: temporary security credentials",
        word=True,
    ),
    family("AWS_BEDROCK_KEY", "ABSK", r"[A-Za-z0-9+/]{100,300}+={0,2}", source="AWS, Bedrock: API keys", word=True),
    family(
        "AWS_BEDROCK_KEY", "bedrock-api-key-", r"[A-Za-z0-9+/=]{16,4000}+", source="AWS, Bedrock: short-term API keys"
    ),
    family("GOOGLE_API_KEY", "AIza", r"[\w\-]{35}(?![A-Za-z0-9])", source="Google Cloud, API keys", word=True),
    family(
        "GOOGLE_API_KEY", "AQ.", r"Ab8R[\w\-]{40,80}+", source="Google Cloud, API keys bound to accounts", word=True
    ),
    family("GOOGLE_OAUTH_SECRET", "GOCSPX-", r"[\w\-]{20,32}+", source="Google, OAuth 2.0 client secrets"),
    family(
        "GOOGLE_OAUTH_TOKEN", "ya29.", r"(?:a0|c\.|d\.)?[\w\-.]{20,2000}+", source="Google, OAuth 2.0 access tokens"
    ),
    family("GOOGLE_REFRESH_TOKEN", "1//0", r"[\w\-]{40,200}+", source="Google, OAuth 2.0 refresh tokens", word=True),
    family("GOOGLE_HMAC_KEY", "GOOG1E", r"[A-Z0-9]{55}(?![A-Za-z0-9])", source="Cloud Storage, HMAC keys", word=True),
    # Three characters, the number of the format, the mark, and the secret.
    around(
        "AZURE_CLIENT_SECRET",
        "Q~",
        r"[\w~.\-]{3}[0-9]Q~[\w~.\-]{31,34}(?![\w~\-])",
        source="Microsoft Entra ID, application credentials",
        before=range(4, 5),
    ),
    # Common annotated security keys have a mark of their service at a fixed place.
    around(
        "AZURE_KEY",
        "JQQJ99",
        r"[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{26}",
        source="Microsoft, common annotated security keys",
        before=range(52, 53),
    ),
    around(
        "AZURE_DEVOPS_TOKEN",
        "AZDO",
        r"[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}",
        source="Azure DevOps, personal access tokens",
        before=range(76, 77),
    ),
    family(
        "DIGITALOCEAN_TOKEN",
        ("dop_v1_", "doo_v1_", "dor_v1_"),
        r"[0-9a-f]{32,64}+",
        source="DigitalOcean, personal access tokens and OAuth API",
    ),
    family("DIGITALOCEAN_KEY", ("DO00", "DO80"), r"[A-Z0-9]{16}(?![A-Za-z0-9])", source="Spaces keys", word=True),
    family(
        "CLOUDFLARE_TOKEN", ("cfut_", "cfat_", "cfk_"), r"[A-Za-z0-9]{32,60}+", source="Cloudflare, API token formats"
    ),
    family("CLOUDFLARE_CA_KEY", "v1.0-", r"[0-9a-f]{24}-[0-9a-f]{100,150}+", source="Cloudflare, Origin CA keys"),
    family("HEROKU_KEY", "HRKU-", r"[\w\-]{30,80}+", source="Heroku, platform API: authorizations"),
    family("ALIBABA_KEY", "LTAI", r"[A-Za-z0-9]{16,26}(?![A-Za-z0-9])", source="Alibaba Cloud, AccessKey", word=True),
    family("TENCENT_KEY", "AKID", r"[A-Za-z0-9]{32}(?![A-Za-z0-9])", source="Tencent Cloud, access keys", word=True),
    family(
        "FLY_TOKEN", ("FlyV1 fm2_", "fm2_", "fm1r_", "fo1_"), r"[\w\-+/=]{32,4000}+", source="Fly.io, access tokens"
    ),
    family("YANDEX_KEY", "AQVN", r"[\w\-]{35,38}(?![\w\-])", source="Yandex Cloud, API keys", word=True),
    family("YANDEX_TOKEN", "y0_", r"[\w\-]{54,60}(?![\w\-])", source="Yandex ID, OAuth tokens", word=True),
    family("SCALINGO_TOKEN", "tk-us-", r"[\w\-]{48}(?![\w\-])", source="Scalingo, API tokens", word=True),
    family("RENDER_KEY", "rnd_", r"[A-Za-z0-9]{28,40}+", source="Render, API keys", word=True),
    family(
        "VERCEL_TOKEN", ("vcp_", "vci_", "vca_", "vcr_", "vck_"), r"[\w\-]{24,80}+", source="Vercel, tokens", word=True
    ),
    family("VERCEL_BLOB_TOKEN", "vercel_blob_rw_", r"[\w\-]{20,80}+", source="Vercel, Blob"),
    family("NETLIFY_TOKEN", ("nfp_", "nfc_", "nfo_", "nfu_", "nfb_"), r"[A-Za-z0-9]{32,50}+", source="Netlify, tokens"),
)
