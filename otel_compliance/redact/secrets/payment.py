"""Credentials of payment and commerce."""

from __future__ import annotations

from typing import Final

from otel_compliance.redact.secrets.family import Family, around, family

FAMILIES: Final[tuple[Family, ...]] = (
    # Secret and restricted keys; publishable keys (pk_) are meant to be public.
    family(
        "STRIPE_KEY",
        ("sk_live_", "sk_test_", "rk_live_", "rk_test_", "sk_org_live_", "sk_org_test_"),
        r"[A-Za-z0-9]{16,250}+",
        source="Stripe, API keys",
    ),
    family("STRIPE_WEBHOOK_SECRET", "whsec_", r"[A-Za-z0-9+/]{24,64}+={0,2}", source="Stripe, webhook signatures"),
    family(
        "SQUARE_TOKEN",
        ("sq0atp-", "sq0csp-", "sq0idb-", "sandbox-sq0csb-"),
        r"[\w\-]{20,60}+",
        source="Square, access tokens",
    ),
    family("SQUARE_TOKEN", "EAAA", r"[\w\-]{60}(?![\w\-])", source="Square, access tokens", word=True),
    around(
        "BRAINTREE_TOKEN",
        "$production$",
        r"access_token\$production\$[0-9a-z]{16}\$[0-9a-f]{32}",
        source="Braintree, access tokens",
        before=range(12, 13),
    ),
    family("PAYPAL_TOKEN", "A21AA", r"[\w\-]{60,120}+", source="PayPal, OAuth 2.0 access tokens", word=True),
    family(
        "SHOPIFY_TOKEN",
        ("shpat_", "shpca_", "shppa_", "shpss_", "shpua_", "shprt_"),
        r"[0-9a-fA-F]{32,40}+",
        source="Shopify, access tokens",
    ),
    family(
        "PLAID_TOKEN",
        ("access-sandbox-", "access-development-", "access-production-"),
        r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        source="Plaid, tokens",
    ),
    family("ADYEN_KEY", "AQE", r"[a-z][A-Za-z0-9+/=\-]{70,400}+", source="Adyen, API credentials", word=True),
    family(
        "FLUTTERWAVE_KEY", ("FLWSECK-", "FLWSECK_TEST-"), r"[0-9a-zA-Z]{16,40}+(?:-X)?", source="Flutterwave, API keys"
    ),
    family("RAZORPAY_KEY", ("rzp_live_", "rzp_test_"), r"[A-Za-z0-9]{14,24}+", source="Razorpay, API keys"),
    family("EASYPOST_KEY", ("EZAK", "EZTK"), r"[A-Za-z0-9]{54}(?![\w\-])", source="EasyPost, API keys", word=True),
    family("SHIPPO_TOKEN", ("shippo_live_", "shippo_test_"), r"[0-9a-fA-F]{40}", source="Shippo, API tokens"),
    family("PAGARME_KEY", ("ak_live_", "ak_test_"), r"[A-Za-z0-9]{24,40}+", source="Pagar.me, API keys", word=True),
    family("PADDLE_KEY", ("pdl_live_apikey_", "pdl_sdbx_apikey_"), r"\w{40,80}+", source="Paddle, API keys"),
)
