"""Credentials of AI platforms."""

from __future__ import annotations

from typing import Final

from otel_compliance.redact.secrets.family import Family, family

FAMILIES: Final[tuple[Family, ...]] = (
    # api03, admin01, oat01 (access), ort01 (refresh), sid01 (session) and their successors; a cut key is a key.
    family("ANTHROPIC_KEY", "sk-ant-", r"[a-z]{3,8}[0-9]{2,4}-[\w\-]{16,}+", source="Anthropic, API overview"),
    family(
        "OPENAI_KEY",
        ("sk-proj-", "sk-svcacct-", "sk-admin-", "sk-None-"),
        r"[\w\-]{16,300}+",
        source="OpenAI, API keys",
    ),
    # The first format: OpenAI's mark in base64 is in the middle.
    family("OPENAI_KEY", "sk-", r"[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{0,20}+", source="OpenAI, API keys"),
    family("OPENROUTER_KEY", "sk-or-", r"v[0-9]-[0-9a-f]{32,64}+", source="OpenRouter, API authentication"),
    # Several vendors took the form of OpenAI's first keys.
    family(
        "AI_PLATFORM_KEY",
        "sk-",
        r"(?=[a-z]{0,60}+[A-Z0-9])(?=\D{0,60}+[0-9])[A-Za-z0-9]{32,64}+(?![\w\-])",
        source="DeepSeek, Moonshot AI, Stability AI: API keys",
        confidence=0.9,
        word=True,
    ),
    family("HUGGINGFACE_TOKEN", ("hf_", "api_org_"), r"[A-Za-z0-9]{30,40}+", source="Hugging Face, User access tokens"),
    family("REPLICATE_TOKEN", "r8_", r"[A-Za-z0-9]{30,40}+", source="Replicate, API tokens", word=True),
    family("GROQ_KEY", "gsk_", r"[A-Za-z0-9]{32,64}+", source="GroqCloud, API keys"),
    family("PERPLEXITY_KEY", "pplx-", r"[A-Za-z0-9]{32,64}+", source="Perplexity, API key management"),
    family("XAI_KEY", "xai-", r"\w{60,100}+", source="xAI, API reference: authorization", word=True),
    family("FIREWORKS_KEY", "fw_", r"[A-Za-z0-9]{20,32}+(?![\w\-])", source="Fireworks AI, API keys", word=True),
    family("NVIDIA_KEY", "nvapi-", r"[\w\-]{40,80}+", source="NVIDIA, NGC user guide: API keys"),
    family("LANGSMITH_KEY", ("lsv2_pt_", "lsv2_sk_"), r"[0-9a-f]{32}(?:_[0-9a-f]{10})?", source="LangSmith, API keys"),
    family("LANGFUSE_KEY", "sk-lf-", r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", source="Langfuse, API keys"),
    family("TAVILY_KEY", "tvly-", r"[\w\-]{20,80}+", source="Tavily, API introduction"),
    family("ELEVENLABS_KEY", "sk_", r"[0-9a-f]{48}(?![\w\-])", source="ElevenLabs, API authentication", word=True),
    family(
        "VOICEFLOW_KEY", ("VF.DM.", "VF.WS."), r"[0-9a-f]{24}\.[A-Za-z0-9]{16}", source="Voiceflow, API keys", word=True
    ),
    family("VOYAGE_KEY", "pa-", r"[\w\-]{43}(?![\w\-])", source="Voyage AI, API keys", word=True),
    family("ANYSCALE_KEY", "esecret_", r"[a-z0-9]{24,40}+", source="Anyscale Endpoints, API keys", word=True),
    family("FIRECRAWL_KEY", "fc-", r"[0-9a-f]{32}(?![\w\-])", source="Firecrawl, API keys", word=True),
    family("CEREBRAS_KEY", "csk-", r"[a-z0-9]{40,60}+", source="Cerebras, API keys", word=True),
    family("E2B_KEY", "e2b_", r"[0-9a-f]{40}", source="E2B, API keys"),
    family("WANDB_KEY", "wandb_v1_", r"\w{40,120}+", source="Weights & Biases, API keys"),
    family("PINECONE_KEY", "pcsk_", r"[A-Za-z0-9]{4,8}_[A-Za-z0-9]{40,80}+", source="Pinecone, API keys"),
)
