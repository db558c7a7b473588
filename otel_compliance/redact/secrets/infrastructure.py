"""Credentials of secret stores, identity, data platforms and networks."""

from __future__ import annotations

from typing import Final

from otel_compliance.redact.secrets.family import Family, around, family

FAMILIES: Final[tuple[Family, ...]] = (
    family(
        "HARNESS_TOKEN",
        ("pat.", "sat."),
        r"[\w\-]{22}\.[0-9a-f]{24}\.[A-Za-z0-9]{20}",
        source="Harness, API keys",
        word=True,
    ),
    family("SESSION_ID", "sess_", r"[A-Za-z0-9]{20,64}+", source="Rails and Express: session stores", confidence=0.9),
    family(
        "BEARER_TOKEN",
        ("Bearer ", "bearer ", "BEARER "),
        r" {0,4}(?=[\w.~+/=\-]{0,80}[0-9])([\w.~+/\-]{16,8000}+={0,2})",
        source="RFC 6750",
        confidence=0.9,
    ),
    family(
        "BASIC_AUTH",
        ("Basic ", "basic ", "BASIC "),
        r" {0,4}(?=[a-zA-Z]{0,80}+[0-9])(?=[a-z0-9]{0,80}+[A-Z])([A-Za-z0-9+/]{16,400}+={0,2})",
        source="RFC 7617",
        confidence=0.9,
    ),
    family(
        "VAULT_TOKEN",
        "s.",
        r"(?=[a-z]{0,22}+[A-Z0-9])[A-Za-z0-9]{24}(?![\w\-])",
        source="HashiCorp Vault, tokens before 1.10",
        confidence=0.9,
        word=True,
    ),
    family("INFRACOST_KEY", "ico-", r"[A-Za-z0-9]{32}(?![\w\-])", source="Infracost, API keys", word=True),
    family("ZUPLO_KEY", "zpka_", r"[0-9a-f]{32}_[0-9a-f]{8}", source="Zuplo, API key format", word=True),
    family("VAULT_TOKEN", ("hvs.", "hvb.", "hvr."), r"[\w\-]{20,400}+", source="HashiCorp Vault, tokens", word=True),
    around(
        "TERRAFORM_TOKEN",
        ".atlasv1.",
        r"[A-Za-z0-9]{14}\.atlasv1\.[\w\-]{40,80}+",
        source="HCP Terraform, API tokens",
        before=range(14, 15),
        confidence=0.99,
    ),
    family(
        "DOPPLER_TOKEN",
        ("dp.pt.", "dp.st.", "dp.ct.", "dp.sa.", "dp.scim.", "dp.audit."),
        r"(?:[a-z0-9_\-]{2,35}\.)?[A-Za-z0-9]{32,48}+",
        source="Doppler, auth token formats",
        word=True,
    ),
    family("ONEPASSWORD_TOKEN", "ops_eyJ", r"[A-Za-z0-9+/=]{100,2000}+", source="1Password, service accounts"),
    family(
        "ONEPASSWORD_KEY",
        "A3-",
        r"[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}",
        source="1Password, Secret Key",
        word=True,
    ),
    family(
        "INFISICAL_TOKEN", "st.", r"[0-9a-f]{24}\.[0-9a-f]{32}\.[0-9a-f]{32}", source="Infisical, tokens", word=True
    ),
    family("PULUMI_TOKEN", "pul-", r"[0-9a-f]{40}", source="Pulumi, access tokens", word=True),
    family(
        "TAILSCALE_KEY",
        "tskey-",
        r"(?:auth|api|client|scim|webhook)-[A-Za-z0-9]{8,24}(?:CNTRL)?-[A-Za-z0-9]{16,48}+",
        source="Tailscale, key prefixes",
    ),
    family("AGE_KEY", "AGE-SECRET-KEY-1", r"[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{16,58}+", source="age, format v1"),
    family(
        "DATABRICKS_TOKEN",
        ("dapi", "dose"),
        r"[0-9a-f]{32}(?:-[0-9])?(?![\w\-])",
        source="Databricks, personal access tokens",
        word=True,
    ),
    family(
        "PLANETSCALE_TOKEN",
        ("pscale_tkn_", "pscale_pw_", "pscale_oauth_"),
        r"[\w.\-]{32,64}+",
        source="PlanetScale, service tokens and passwords",
    ),
    family(
        "SUPABASE_KEY",
        ("sbp_", "sb_secret_"),
        r"(?:v0_)?[\w\-]{20,64}+",
        source="Supabase, API keys and access tokens",
        word=True,
    ),
    family("MONGODB_SECRET", "mdb_sa_sk_", r"[\w\-]{32,64}+", source="MongoDB Atlas, service accounts"),
    around(
        "MAXMIND_KEY",
        "_mmk",
        r"[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk",
        source="MaxMind, license keys",
        before=range(36, 37),
        confidence=0.99,
    ),
    family("ADAFRUIT_KEY", "aio_", r"[A-Za-z0-9]{28}(?![\w\-])", source="Adafruit IO, API authentication", word=True),
    family("UBIDOTS_TOKEN", ("BBFF-", "BBUS-"), r"[A-Za-z0-9]{30,40}+", source="Ubidots, tokens", word=True),
    family("IONIC_TOKEN", "ion_", r"[A-Za-z0-9]{42}(?![\w\-])", source="Ionic Appflow, tokens", word=True),
    family("DEPENDENCYTRACK_KEY", "odt_", r"[A-Za-z0-9]{32,48}+", source="Dependency-Track, API keys", word=True),
    family("NEON_KEY", "napi_", r"[a-z0-9]{60,70}+", source="Neon, API keys", word=True),
    family(
        "CLICKHOUSE_KEY",
        "4b1d",
        r"[A-Za-z0-9]{38}(?![\w\-])",
        source="ClickHouse Cloud, API keys",
        word=True,
        confidence=0.95,
    ),
    family("PREFECT_KEY", ("pnu_", "pnb_"), r"[A-Za-z0-9]{36}(?![\w\-])", source="Prefect Cloud, API keys", word=True),
    family(
        "CONFLUENT_SECRET", "cflt", r"[A-Za-z0-9+/]{60}(?![A-Za-z0-9])", source="Confluent Cloud, API keys", word=True
    ),
    family("OPENSHIFT_TOKEN", "sha256~", r"[\w\-]{43}(?![\w\-])", source="OpenShift, OAuth tokens"),
    family(
        "LAUNCHDARKLY_KEY",
        ("sdk-", "api-"),
        r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        source="LaunchDarkly, keys",
        word=True,
    ),
    # "-----BEGIN … PRIVATE KEY" in base64, as environment variables and manifests hold it.
    family(
        "PRIVATE_KEY",
        (
            "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS",
            "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVk",
            "LS0tLS1CRUdJTiBFQyBQUklWQVRFIEtFWS",
            "LS0tLS1CRUdJTiBEU0EgUFJJVkFURSBLRVk",
            "LS0tLS1CRUdJTiBPUEVOU1NIIFBSSVZBVEUgS0VZ",
            "LS0tLS1CRUdJTiBFTkNSWVBURUQgUFJJVkFURSBLRVk",
        ),
        r"[A-Za-z0-9+/]{16,20000}+={0,2}",
        source="RFC 7468 in RFC 4648",
    ),
    # Header and payload are JSON objects, so both begin with base64url of '{"'.
    family(
        "JWT",
        "eyJ",
        r"(?<![\w\-]eyJ)[\w\-]{10,8000}+\.eyJ[\w\-]{8,16000}+\.[\w\-]{8,2000}+",
        source="RFC 7519",
        word=True,
    ),
    # Five parts: header, encrypted key, initialisation vector, ciphertext, tag.
    family(
        "JWT",
        "eyJ",
        r"(?<![\w\-]eyJ)[\w\-]{10,2000}+\.[\w\-]{0,2000}+\.[\w\-]{12,64}+\.[\w\-]{8,16000}+\.[\w\-]{16,128}+",
        source="RFC 7516",
        word=True,
    ),
)
