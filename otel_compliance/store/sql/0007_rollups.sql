-- Counters for dashboards, fed by the audit log, which sampling does not thin out. No data subject is in them, so that
-- an erasure leaves them right. First by hour, with everything that a filter may ask for.
CREATE TABLE IF NOT EXISTS genai_usage_hour (
    Hour DateTime CODEC(Delta, ZSTD(1)),
    KeyId LowCardinality(String),
    TeamId LowCardinality(String),
    ServiceName LowCardinality(String),
    Environment LowCardinality(String),
    GenAiRequestModel LowCardinality(String),
    RequestType LowCardinality(String),
    CallOutcome LowCardinality(String),
    Classification LowCardinality(String),
    Calls SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    InputTokens SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    OutputTokens SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    CacheReadTokens SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    CacheWriteTokens SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    PiiCalls SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    SecretCalls SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    RegionViolations SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(Hour)
ORDER BY (KeyId, Hour, TeamId, ServiceName, Environment, GenAiRequestModel, RequestType, CallOutcome, Classification)
TTL Hour + INTERVAL 7 YEAR
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS genai_usage_hour_mv TO genai_usage_hour AS
SELECT
    toStartOfHour(Timestamp) AS Hour,
    KeyId,
    TeamId,
    ServiceName,
    Environment,
    GenAiRequestModel,
    RequestType,
    CallOutcome,
    Classification,
    count() AS Calls,
    sum(InputTokens) AS InputTokens,
    sum(OutputTokens) AS OutputTokens,
    sum(CacheReadTokens) AS CacheReadTokens,
    sum(CacheWriteTokens) AS CacheWriteTokens,
    countIf(PiiDetected) AS PiiCalls,
    countIf(SecretDetected) AS SecretCalls,
    countIf(RegionViolation) AS RegionViolations
FROM otel_audit
WHERE EventName = 'claude.api.request'
GROUP BY Hour, KeyId, TeamId, ServiceName, Environment, GenAiRequestModel, RequestType, CallOutcome, Classification;

-- By minute, lean and for a month: with more dimensions it would hold as many rows as there are calls.
CREATE TABLE IF NOT EXISTS genai_usage_minute (
    Minute DateTime CODEC(Delta, ZSTD(1)),
    KeyId LowCardinality(String),
    GenAiRequestModel LowCardinality(String),
    Calls SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    Errors SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    InputTokens SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    OutputTokens SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))
)
ENGINE = AggregatingMergeTree
-- Daily, since the minute stands last in the sorting key.
PARTITION BY toDate(Minute)
ORDER BY (KeyId, GenAiRequestModel, Minute)
TTL Minute + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS genai_usage_minute_mv TO genai_usage_minute AS
SELECT
    toStartOfMinute(Timestamp) AS Minute,
    KeyId,
    GenAiRequestModel,
    count() AS Calls,
    countIf(CallOutcome = 'error') AS Errors,
    sum(InputTokens) AS InputTokens,
    sum(OutputTokens) AS OutputTokens
FROM otel_audit
WHERE EventName = 'claude.api.request'
GROUP BY Minute, KeyId, GenAiRequestModel;

-- Latency by model alone: a digest takes kilobytes, so that one for each key would be larger than the calls.
CREATE TABLE IF NOT EXISTS genai_latency_hour (
    Hour DateTime CODEC(Delta, ZSTD(1)),
    GenAiRequestModel LowCardinality(String),
    DurationNs AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(Hour)
ORDER BY (GenAiRequestModel, Hour)
TTL Hour + INTERVAL 7 YEAR
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS genai_latency_hour_mv TO genai_latency_hour AS
SELECT
    toStartOfHour(Timestamp) AS Hour,
    GenAiRequestModel,
    quantilesTDigestState(0.5, 0.95, 0.99)(DurationNs) AS DurationNs
FROM otel_audit
WHERE EventName = 'claude.api.request' AND CallOutcome = 'completed'
GROUP BY Hour, GenAiRequestModel;
