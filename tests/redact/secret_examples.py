"""Made-up credentials of every family. They are put together from pieces, so that no scanner takes them for real."""

import random
import string
from base64 import b64encode

_RANDOM = random.Random("otel-compliance")
_UPPER, _LOWER, _DIGITS = string.ascii_uppercase, string.ascii_lowercase, string.digits


def _chars(alphabet: str, count: int) -> str:
    """Random characters; the first three are a capital, a small letter and a digit where the alphabet has them."""
    begin = "".join(chars[5] for chars in (_UPPER, _LOWER, _DIGITS) if chars[5] in alphabet)
    return begin + "".join(_RANDOM.choices(alphabet, k=count - len(begin)))


def alnum(count: int) -> str:
    """Letters and digits."""
    return _chars(_UPPER + _LOWER + _DIGITS, count)


def lower(count: int) -> str:
    """Small letters and digits."""
    return _chars(_LOWER + _DIGITS, count)


def upper(count: int) -> str:
    """Capitals and digits."""
    return _chars(_UPPER + _DIGITS, count)


def hexa(count: int) -> str:
    """Hexadecimal digits."""
    return _chars("abcdef" + _DIGITS, count)


def digits(count: int) -> str:
    """Decimal digits."""
    return _chars(_DIGITS, count)


def uuid() -> str:
    """Something like a UUID."""
    return "-".join(hexa(count) for count in (8, 4, 4, 4, 12))


EXAMPLES = [
    *(
        ("ANTHROPIC_KEY", f"sk-ant-{kind}-" + alnum(93) + "AA")
        for kind in ("api03", "admin01", "oat01", "ort01", "sid01")
    ),
    ("ANTHROPIC_KEY", "sk-ant-api03-" + alnum(16)),
    ("ANTHROPIC_KEY", "sk-ant-api1004-" + alnum(93) + "AA"),
    ("ELEVENLABS_KEY", "sk_" + hexa(48)),
    ("VOICEFLOW_KEY", "VF.DM." + hexa(24) + "." + alnum(16)),
    ("MAPBOX_TOKEN", "tk.eyJ" + alnum(40) + "." + alnum(22)),
    ("POSTHOG_KEY", "phx_" + alnum(43)),
    ("SEGMENT_TOKEN", "sgp_" + alnum(64)),
    ("SOURCEGRAPH_TOKEN", "sgp_" + hexa(16) + "_" + hexa(40)),
    ("SOURCEGRAPH_LICENSE", "slk_" + hexa(64)),
    ("SCRAPFLY_KEY", "scp-live-" + hexa(32)),
    ("TEAMWORK_TOKEN", "tkn.v1_" + alnum(70) + "="),
    ("NIGHTFALL_KEY", "NF-" + alnum(32)),
    ("ZOHO_TOKEN", "1000." + hexa(32) + "." + hexa(32)),
    ("PAGARME_KEY", "ak_live_" + alnum(30)),
    ("MONGODB_SECRET", "mdb_sa_sk_" + alnum(40)),
    ("MAXMIND_KEY", alnum(6) + "_" + alnum(29) + "_mmk"),
    ("ADAFRUIT_KEY", "aio_" + alnum(28)),
    ("UBIDOTS_TOKEN", "BBFF-" + alnum(30)),
    ("IONIC_TOKEN", "ion_" + alnum(42)),
    ("DEPENDENCYTRACK_KEY", "odt_" + alnum(32)),
    ("PRIVATE_KEY", b64encode(b"-----BEGIN " + b"RSA PRIVATE KEY-----\n" + b"MIIEow" * 200).decode()),
    ("PRIVATE_KEY", b64encode(b"-----BEGIN " + b"OPENSSH PRIVATE KEY-----\n" + b"b3Blbn" * 50).decode()),
    ("VOYAGE_KEY", "pa-" + alnum(43)),
    ("ANYSCALE_KEY", "esecret_" + lower(26)),
    ("FIRECRAWL_KEY", "fc-" + hexa(32)),
    ("YANDEX_KEY", "AQVN" + alnum(36)),
    ("YANDEX_TOKEN", "y0_" + alnum(55)),
    ("SCALINGO_TOKEN", "tk-us-" + alnum(48)),
    ("VAULT_TOKEN", "s." + alnum(24)),
    ("INFRACOST_KEY", "ico-" + alnum(32)),
    ("ZUPLO_KEY", "zpka_" + hexa(32) + "_" + hexa(8)),
    ("SLACK_WEBHOOK", "hooks.slack.com/workflows/T" + upper(8) + "/A" + upper(8) + "/" + digits(17) + "/" + alnum(24)),
    ("ASANA_TOKEN", "2/7" + digits(15) + "/" + digits(16) + ":" + hexa(32)),
    ("WAKATIME_KEY", "waka_" + uuid()),
    ("LOB_KEY", "live_" + hexa(35)),
    ("SNYK_TOKEN", "snyk_uat." + hexa(8) + "." + alnum(60)),
    ("BUILDKITE_TOKEN", "bkct_" + alnum(60)),
    ("PASSWORD_HASH", "$2b$12$" + alnum(20) + "/." + alnum(31)),
    ("PASSWORD_HASH", "$6$rounds=656000$" + alnum(16) + "$" + alnum(84) + "./"),
    ("PASSWORD_HASH", "$1$" + alnum(8) + "$" + alnum(22)),
    ("PASSWORD_HASH", "$argon2id$v=19$m=65536,t=3,p=4$" + alnum(22) + "$" + alnum(43)),
    *(("OPENAI_KEY", f"sk-{kind}-" + alnum(60)) for kind in ("proj", "svcacct", "admin", "None")),
    ("OPENAI_KEY", "sk-" + alnum(20) + "T3Blbk" + "FJ" + alnum(20)),
    ("OPENROUTER_KEY", "sk-or-v1-" + hexa(64)),
    ("AI_PLATFORM_KEY", "sk-" + lower(32)),
    ("HUGGINGFACE_TOKEN", "hf_" + alnum(34)),
    ("REPLICATE_TOKEN", "r8_" + alnum(37)),
    ("GROQ_KEY", "gsk_" + alnum(52)),
    ("PERPLEXITY_KEY", "pplx-" + alnum(48)),
    ("XAI_KEY", "xai-" + alnum(80)),
    ("FIREWORKS_KEY", "fw_" + alnum(24)),
    ("NVIDIA_KEY", "nvapi-" + alnum(64)),
    ("LANGSMITH_KEY", "lsv2_pt_" + hexa(32) + "_" + hexa(10)),
    ("LANGFUSE_KEY", "sk-lf-" + uuid()),
    ("TAVILY_KEY", "tvly-dev-" + alnum(32)),
    ("X_BEARER_TOKEN", "A" * 21 + "KQFmksvv3=" + alnum(70)),
    ("CEREBRAS_KEY", "csk-" + lower(48)),
    ("E2B_KEY", "e2b_" + hexa(40)),
    ("HARNESS_TOKEN", "pat." + alnum(22) + "." + hexa(24) + "." + alnum(20)),
    ("SESSION_ID", "sess_" + alnum(24)),
    ("WANDB_KEY", "wandb_v1_" + alnum(77)),
    ("PINECONE_KEY", "pcsk_" + alnum(5) + "_" + alnum(63)),
    *(("AWS_KEY", kind + upper(16)) for kind in ("AKIA", "ASIA", "ABIA", "ACCA")),
    ("AWS_SESSION_TOKEN", "IQoJb3Jp" + "Z2lu" + alnum(200) + "=="),
    ("AWS_BEDROCK_KEY", "ABSK" + alnum(120) + "="),
    ("AWS_BEDROCK_KEY", "bedrock-api-key-" + alnum(120)),
    ("GOOGLE_API_KEY", "AI" + "za" + alnum(35)),
    ("GOOGLE_API_KEY", "AQ." + "Ab8R" + alnum(46)),
    ("GOOGLE_OAUTH_SECRET", "GOC" + "SPX-" + alnum(28)),
    ("GOOGLE_OAUTH_TOKEN", "ya29" + ".a0" + alnum(100)),
    ("GOOGLE_REFRESH_TOKEN", "1//0" + alnum(60)),
    ("GOOGLE_HMAC_KEY", "GOOG" + "1E" + upper(55)),
    ("AZURE_CLIENT_SECRET", alnum(3) + "8Q~" + alnum(34)),
    ("AZURE_KEY", alnum(52) + "JQQ" + "J99" + alnum(26)),
    ("AZURE_DEVOPS_TOKEN", alnum(76) + "AZ" + "DO" + alnum(4)),
    *(("DIGITALOCEAN_TOKEN", f"do{kind}_v1_" + hexa(64)) for kind in "por"),
    ("DIGITALOCEAN_KEY", "DO00" + upper(16)),
    ("CLOUDFLARE_TOKEN", "cfut_" + alnum(40)),
    ("CLOUDFLARE_CA_KEY", "v1.0-" + hexa(24) + "-" + hexa(146)),
    ("HEROKU_KEY", "HRKU-" + alnum(60)),
    ("ALIBABA_KEY", "LTAI" + alnum(20)),
    ("TENCENT_KEY", "AKID" + alnum(32)),
    ("FLY_TOKEN", "fm2_" + alnum(100)),
    ("RENDER_KEY", "rnd_" + alnum(28)),
    ("VERCEL_TOKEN", "vcp_" + alnum(56)),
    ("VERCEL_BLOB_TOKEN", "vercel_blob_rw_" + alnum(16) + "_" + alnum(30)),
    ("NETLIFY_TOKEN", "nfp_" + alnum(36)),
    *(("GITHUB_TOKEN", f"gh{kind}_" + alnum(36)) for kind in "pousr"),
    ("GITHUB_TOKEN", "github_pat_" + alnum(22) + "_" + alnum(59)),
    *(("GITLAB_TOKEN", f"gl{kind}-" + alnum(20)) for kind in ("pat", "ptt", "rt", "dt", "ft", "soat", "agent", "cbt")),
    ("GITLAB_TOKEN", "GR13" + "48941" + alnum(20)),
    ("GITLAB_TOKEN", "glpat-" + alnum(27) + ".01." + lower(9)),
    ("GITLAB_SESSION", "_gitlab_session=" + hexa(32)),
    ("BITBUCKET_TOKEN", "ATBB" + alnum(32)),
    ("BITBUCKET_TOKEN", "ATCTT3" + "xFfG" + alnum(60)),
    ("SOURCEGRAPH_TOKEN", "sgp_" + hexa(16) + "_" + hexa(40)),
    ("NPM_TOKEN", "npm_" + alnum(36)),
    ("PYPI_TOKEN", "pypi-" + "AgEIcHlwaS5vcmc" + alnum(100)),
    ("RUBYGEMS_KEY", "rubygems_" + hexa(48)),
    ("CRATES_TOKEN", "cio" + alnum(32)),
    ("NUGET_KEY", "oy2" + lower(43)),
    ("DOCKER_TOKEN", "dckr_pat_" + alnum(27)),
    ("CLOJARS_TOKEN", "CLOJARS_" + lower(60)),
    ("CIRCLECI_TOKEN", "CCIPAT_" + alnum(22) + "_" + hexa(40)),
    ("BUILDKITE_TOKEN", "bkua_" + hexa(40)),
    ("SONAR_TOKEN", "squ_" + hexa(40)),
    ("JFROG_KEY", "AKCp" + alnum(69)),
    ("JFROG_TOKEN", "cmVm" + "dGtu" + alnum(56)),
    *(("SLACK_TOKEN", f"xox{kind}-" + digits(12) + "-" + digits(12) + "-" + alnum(24)) for kind in "bparsoc"),
    ("SLACK_TOKEN", "xoxe." + "xoxp-1-" + alnum(100)),
    ("SLACK_TOKEN", "xapp-1-A" + upper(10) + "-" + digits(13) + "-" + hexa(64)),
    ("SLACK_WEBHOOK", "hooks.slack" + ".com/services/T" + upper(9) + "/B" + upper(9) + "/" + alnum(24)),
    (
        "TEAMS_WEBHOOK",
        f"webhook.office.com/webhookb2/{uuid()}@{uuid()}/Incoming" + "Webhook/" + hexa(32) + "/" + uuid(),
    ),
    ("DISCORD_TOKEN", "MTA" + "w" + alnum(22) + "." + alnum(6) + "." + alnum(38)),
    ("DISCORD_WEBHOOK", "/api/web" + "hooks/" + digits(18) + "/" + alnum(68)),
    ("TELEGRAM_TOKEN", digits(10) + ":AA" + alnum(33)),
    ("TWILIO_KEY", "S" + "K" + hexa(32)),
    ("SENDGRID_KEY", "SG" + "." + alnum(22) + "." + alnum(43)),
    ("MAILGUN_KEY", "key" + "-" + hexa(32)),
    ("MAILCHIMP_KEY", hexa(32) + "-us" + "12"),
    ("BREVO_KEY", "xkeysib-" + hexa(64) + "-" + alnum(16)),
    ("RESEND_KEY", "re_" + alnum(8) + "_" + alnum(24)),
    ("KLAVIYO_KEY", "pk_" + hexa(34)),
    ("INTERCOM_TOKEN", "dG9" + "rO" + alnum(54) + "="),
    *(("STRIPE_KEY", f"{kind}_" + alnum(24)) for kind in ("sk_live", "sk_test", "rk_live", "sk_org_live")),
    ("STRIPE_WEBHOOK_SECRET", "whsec_" + alnum(32)),
    ("SQUARE_TOKEN", "sq0atp-" + alnum(22)),
    ("SQUARE_TOKEN", "EAAA" + alnum(60)),
    ("BRAINTREE_TOKEN", "access_token" + "$production$" + lower(16) + "$" + hexa(32)),
    ("PAYPAL_TOKEN", "A21" + "AA" + alnum(90)),
    ("SHOPIFY_TOKEN", "shpat_" + hexa(32)),
    ("PLAID_TOKEN", "access-production-" + uuid()),
    ("ADYEN_KEY", "AQE" + "h" + alnum(100)),
    ("FLUTTERWAVE_KEY", "FLWSECK-" + hexa(32) + "-X"),
    ("RAZORPAY_KEY", "rzp_live_" + alnum(14)),
    ("EASYPOST_KEY", "EZAK" + alnum(54)),
    ("SHIPPO_TOKEN", "shippo_live_" + hexa(40)),
    ("PADDLE_KEY", "pdl_live_apikey_" + lower(26) + "_" + alnum(22) + "_" + alnum(3)),
    ("DATADOG_KEY", "ddapp_" + alnum(34)),
    *(("NEW_RELIC_KEY", f"NR{kind}-" + upper(27)) for kind in ("AK", "II", "AL")),
    ("SENTRY_TOKEN", "sntrys_" + alnum(80)),
    ("GRAFANA_TOKEN", "glsa_" + alnum(32) + "_" + hexa(8)),
    ("GRAFANA_TOKEN", "eyJr" + "Ijoi" + alnum(70) + "=="),
    ("PAGERDUTY_KEY", "pdus+_0" + alnum(6) + "_" + uuid()[:30]),
    ("HONEYCOMB_KEY", "hcaik_" + lower(58)),
    ("DYNATRACE_TOKEN", "dt0c01" + "." + upper(24) + "." + upper(64)),
    ("POSTHOG_KEY", "phx_" + alnum(43)),
    ("LOGFIRE_TOKEN", "pylf_v1_us_" + alnum(43)),
    ("ROOTLY_KEY", "rootly_" + hexa(64)),
    ("BEARER_TOKEN", alnum(40)),
    ("BASIC_AUTH", b64encode(b"svc-user:Hunter2Hunter2!").decode()),
    ("VAULT_TOKEN", "hvs." + alnum(90)),
    ("TERRAFORM_TOKEN", alnum(14) + ".atlas" + "v1." + alnum(67)),
    ("DOPPLER_TOKEN", "dp.st.dev." + alnum(43)),
    ("ONEPASSWORD_TOKEN", "ops_" + "eyJ" + alnum(200)),
    ("ONEPASSWORD_KEY", "A3-" + "-".join([upper(6), upper(6), *(upper(5) for _ in range(4))])),
    ("INFISICAL_TOKEN", "st." + hexa(24) + "." + hexa(32) + "." + hexa(32)),
    ("PULUMI_TOKEN", "pul-" + hexa(40)),
    ("TAILSCALE_KEY", "tskey-auth-" + alnum(12) + "CNTRL-" + alnum(32)),
    ("AGE_KEY", "AGE-SECRET-" + "KEY-1" + "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L" + "QPZRY9X8GF2TVDW0S3JN54KHCE"),
    ("DATABRICKS_TOKEN", "dapi" + hexa(32)),
    ("PLANETSCALE_TOKEN", "pscale_tkn_" + alnum(43)),
    ("SUPABASE_KEY", "sbp_" + hexa(40)),
    ("NEON_KEY", "napi_" + lower(64)),
    ("CLICKHOUSE_KEY", "4b1d" + alnum(38)),
    ("PREFECT_KEY", "pnu_" + alnum(36)),
    ("CONFLUENT_SECRET", "cflt" + alnum(60)),
    ("OPENSHIFT_TOKEN", "sha256~" + alnum(43)),
    ("LAUNCHDARKLY_KEY", "sdk-" + uuid()),
    ("JWT", "eyJ" + alnum(20) + ".eyJ" + alnum(60) + "." + alnum(43)),
    ("JWT", "eyJ" + alnum(60) + "." + alnum(80) + "." + alnum(16) + "." + alnum(200) + "." + alnum(22)),
    ("ATLASSIAN_TOKEN", "ATATT3" + "xFfG" + alnum(180)),
    ("LINEAR_KEY", "lin_api_" + alnum(40)),
    ("NOTION_TOKEN", "ntn_" + alnum(46)),
    ("NOTION_TOKEN", "secret_" + alnum(43)),
    ("ASANA_TOKEN", "2/1" + digits(15) + "/" + digits(16) + ":" + hexa(32)),
    ("AIRTABLE_TOKEN", "pat" + alnum(14) + "." + hexa(64)),
    ("FIGMA_TOKEN", "figd_" + alnum(40)),
    ("DROPBOX_TOKEN", "sl." + "u." + alnum(130)),
    ("HUBSPOT_TOKEN", "pat-na1-" + uuid()),
    ("CLICKUP_TOKEN", "pk_" + digits(8) + "_" + upper(32)),
    ("TYPEFORM_TOKEN", "tfp_" + alnum(59)),
    ("POSTMAN_KEY", "PMAK-" + hexa(24) + "-" + hexa(34)),
    ("README_KEY", "rdme_" + lower(70)),
    ("CONTENTFUL_TOKEN", "CFPAT-" + alnum(43)),
    ("SALESFORCE_TOKEN", "00D" + alnum(12) + "!" + alnum(96)),
    ("FACEBOOK_TOKEN", "EAA" + "B" + alnum(150)),
    ("MAPBOX_TOKEN", "sk." + "eyJ" + alnum(70) + "." + alnum(22)),
    ("FRAMEIO_TOKEN", "fio-u-" + alnum(64)),
    ("DUFFEL_TOKEN", "duffel_live_" + alnum(43)),
]
"""(type, credential). Those of ``BEARER_TOKEN`` and ``BASIC_AUTH`` are known by the word before them."""
