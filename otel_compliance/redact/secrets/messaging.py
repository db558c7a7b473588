"""Credentials of chat, mail and telephony."""

from __future__ import annotations

from itertools import product
from typing import Final

from otel_compliance.redact.secrets.family import Family, around, family

_SNOWFLAKES: Final = tuple("".join(chars) for chars in product("MNO", "DTjz", "AEIMQUYcgk"))
"""How base64 of three decimal digits begins whose first is not a zero: a Discord id is written so."""

FAMILIES: Final[tuple[Family, ...]] = (
    # Bot, user, app-level, legacy, refresh and configuration tokens.
    family(
        "SLACK_TOKEN",
        ("xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxo-", "xoxc-", "xoxd-", "xoxe-", "xoxe.xoxb-", "xoxe.xoxp-"),
        r"[\w\-%/+]{16,400}+",
        source="Slack, token types",
    ),
    family("SLACK_TOKEN", "xapp-", r"[0-9]-[\w\-]{16,200}+", source="Slack, token types"),
    around(
        "SLACK_WEBHOOK",
        "/B",
        r"hooks\.slack\.com/services/T\w{6,12}/B\w{6,12}/\w{16,32}+",
        source="Slack, incoming webhooks",
        before=range(32, 39),
        confidence=0.99,
    ),
    around(
        "SLACK_WEBHOOK",
        "/A",
        r"hooks\.slack\.com/(?:workflows|triggers)/T\w{6,12}/A?\w{6,13}/[0-9]{10,20}/\w{16,32}+",
        source="Slack, webhook triggers of workflows",
        before=range(33, 40),
        confidence=0.99,
    ),
    around(
        "TEAMS_WEBHOOK",
        "/webhookb2/",
        r"webhook\.office\.com/webhookb2/[\w@\-]{36,80}+/IncomingWebhook/[\w/\-]{32,120}+",
        source="Microsoft Teams, incoming webhooks",
        before=range(18, 19),
    ),
    family(
        "DISCORD_TOKEN",
        _SNOWFLAKES,
        r"[w-z0-5][\w\-]{20,24}\.[\w\-]{6}\.[\w\-]{27,40}+",
        source="Discord, developer reference: authentication",
        word=True,
    ),
    family(
        "DISCORD_WEBHOOK",
        ("/api/webhooks/",),
        r"[0-9]{17,20}/[\w\-]{40,100}+",
        source="Discord, webhook resource",
    ),
    around(
        "TELEGRAM_TOKEN",
        ":AA",
        r"(?<![0-9])[0-9]{8,10}:AA[\w\-]{32,33}(?![\w\-])",
        source="Telegram, Bot API",
        before=range(8, 11),
        word=False,  # in a URL "bot" stands before it
    ),
    family(
        "X_BEARER_TOKEN",
        "A" * 21,
        r"[A-Za-z0-9%=+/]{50,110}(?![\w+/])",
        source="X, API: OAuth 2.0 bearer tokens",
        confidence=0.9,
        word=True,
    ),
    family("TWILIO_KEY", "SK", r"[0-9a-f]{32}(?![\w\-])", source="Twilio, API keys", confidence=0.9, word=True),
    family("SENDGRID_KEY", "SG.", r"[\w\-]{16,32}\.[\w\-]{16,64}+", source="SendGrid, API keys", word=True),
    family("MAILGUN_KEY", "key-", r"[0-9a-f]{32}(?![\w\-])", source="Mailgun, API keys", confidence=0.95, word=True),
    around(
        "MAILCHIMP_KEY",
        "-us",
        r"[0-9a-f]{32}-us[0-9]{1,2}(?![0-9A-Za-z])",
        source="Mailchimp, API keys",
        before=range(32, 33),
        confidence=0.99,
    ),
    family("BREVO_KEY", ("xkeysib-", "xsmtpsib-"), r"[0-9a-f]{64}-\w{16}", source="Brevo, API keys"),
    family("RESEND_KEY", "re_", r"[A-Za-z0-9]{8}_[A-Za-z0-9]{24}(?![\w\-])", source="Resend, API keys", word=True),
    family("KLAVIYO_KEY", "pk_", r"[0-9a-f]{34}(?![\w\-])", source="Klaviyo, private keys", word=True),
    family("INTERCOM_TOKEN", ("dG9rO",), r"[A-Za-z0-9+/]{40,80}+={0,2}", source="Intercom, access tokens", word=True),
)
