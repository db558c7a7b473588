-- Audit events, one per Claude call whether or not its trace was sampled. Never updated; kept 7 years, which covers the
-- 6 years of HIPAA (45 CFR 164.316(b)(2)(i)) with a margin.
CREATE TABLE IF NOT EXISTS otel_audit (
    Timestamp DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    IngestedAt DateTime64(3) CODEC(Delta(8), ZSTD(1)),
    ChainId LowCardinality(String) CODEC(ZSTD(1)),
    Seq UInt64 CODEC(Delta(8), ZSTD(1)),
    PrevHash String CODEC(ZSTD(1)),
    Hash String CODEC(ZSTD(1)),
    EventName LowCardinality(String) CODEC(ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    LogAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),

    ErrorType LowCardinality(String) DEFAULT LogAttributes['error.type'] CODEC(ZSTD(1)),
    GenAiRequestModel LowCardinality(String) DEFAULT LogAttributes['gen_ai.request.model'] CODEC(ZSTD(1)),
    InputTokens UInt32 DEFAULT toUInt32OrZero(LogAttributes['gen_ai.usage.input_tokens']) CODEC(T64, ZSTD(1)),
    OutputTokens UInt32 DEFAULT toUInt32OrZero(LogAttributes['gen_ai.usage.output_tokens']) CODEC(T64, ZSTD(1)),
    CacheReadTokens UInt32 DEFAULT toUInt32OrZero(LogAttributes['gen_ai.usage.cache_read.input_tokens']) CODEC(T64, ZSTD(1)),
    CacheWriteTokens UInt32 DEFAULT toUInt32OrZero(LogAttributes['gen_ai.usage.cache_write.input_tokens']) CODEC(T64, ZSTD(1)),
    DurationNs UInt64 DEFAULT toUInt64OrZero(LogAttributes['compliance.call.duration']) CODEC(T64, ZSTD(1)),
    TeamId LowCardinality(String) DEFAULT LogAttributes['compliance.team.id'] CODEC(ZSTD(1)),
    UserId String DEFAULT LogAttributes['compliance.user.id'] CODEC(ZSTD(1)),
    KeyId LowCardinality(String) DEFAULT LogAttributes['compliance.key.id'] CODEC(ZSTD(1)),
    KeyHint LowCardinality(String) DEFAULT LogAttributes['compliance.key.hint'] CODEC(ZSTD(1)),
    Environment LowCardinality(String) DEFAULT LogAttributes['compliance.environment'] CODEC(ZSTD(1)),
    RequestType LowCardinality(String) DEFAULT LogAttributes['compliance.request.type'] CODEC(ZSTD(1)),
    CallOutcome LowCardinality(String) DEFAULT LogAttributes['compliance.call.outcome'] CODEC(ZSTD(1)),
    Classification LowCardinality(String) DEFAULT LogAttributes['compliance.classification'] CODEC(ZSTD(1)),
    PiiDetected Bool DEFAULT LogAttributes['compliance.pii.detected'] = 'true' CODEC(ZSTD(1)),
    SecretDetected Bool DEFAULT LogAttributes['compliance.secret.detected'] = 'true' CODEC(ZSTD(1)),
    PiiInputTypes Array(LowCardinality(String)) DEFAULT JSONExtract(LogAttributes['compliance.pii.input.types'], 'Array(String)') CODEC(ZSTD(1)),
    PiiOutputTypes Array(LowCardinality(String)) DEFAULT JSONExtract(LogAttributes['compliance.pii.output.types'], 'Array(String)') CODEC(ZSTD(1)),
    RegionRequested LowCardinality(String) DEFAULT LogAttributes['compliance.region.requested'] CODEC(ZSTD(1)),
    RegionActual LowCardinality(String) DEFAULT LogAttributes['compliance.region.actual'] CODEC(ZSTD(1)),
    RegionViolation Bool DEFAULT LogAttributes['compliance.region.violation'] = 'true' CODEC(ZSTD(1)),
    RedactionStatus LowCardinality(String) DEFAULT LogAttributes['compliance.redaction.status'] CODEC(ZSTD(1)),
    RedactionCount UInt32 DEFAULT toUInt32OrZero(LogAttributes['compliance.redaction.count']) CODEC(T64, ZSTD(1)),
    PolicyDigest LowCardinality(String) DEFAULT LogAttributes['compliance.policy.digest'] CODEC(ZSTD(1)),

    INDEX idx_ingested_at IngestedAt TYPE minmax GRANULARITY 1,
    INDEX idx_user_id UserId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(Timestamp)
ORDER BY (toStartOfHour(Timestamp), ChainId, Seq)
TTL toDateTime(Timestamp) + INTERVAL 7 YEAR DELETE
SETTINGS index_granularity = 1024, ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS otel_audit_mv TO otel_audit AS
SELECT
    Timestamp,
    IngestedAt,
    LogAttributes['compliance.audit.chain.id'] AS ChainId,
    toUInt64OrZero(LogAttributes['compliance.audit.sequence']) AS Seq,
    LogAttributes['compliance.audit.prev'] AS PrevHash,
    LogAttributes['compliance.audit.hash'] AS Hash,
    EventName,
    TraceId,
    SpanId,
    ServiceName,
    LogAttributes
FROM otel_logs
WHERE LogAttributes['compliance.audit.chain.id'] != '';
