-- Spans. The first 22 columns are those of the OpenTelemetry Collector's ClickHouse exporter (0.151 and later), so both
-- paths fill the same table and Grafana and ClickStack read it unchanged. The columns below are promoted by DEFAULT: a
-- string is promoted with exactly SpanAttributes['name'], an expression that other tools recognise and rewrite to.
CREATE TABLE IF NOT EXISTS otel_traces (
    Timestamp DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    ParentSpanId String CODEC(ZSTD(1)),
    TraceState String CODEC(ZSTD(1)),
    SpanName LowCardinality(String) CODEC(ZSTD(1)),
    SpanKind LowCardinality(String) CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ScopeName String CODEC(ZSTD(1)),
    ScopeVersion String CODEC(ZSTD(1)),
    SpanAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    Duration UInt64 CODEC(T64, ZSTD(1)),
    StatusCode LowCardinality(String) CODEC(ZSTD(1)),
    StatusMessage String CODEC(ZSTD(1)),
    `Events.Timestamp` Array(DateTime64(9)) CODEC(ZSTD(1)),
    `Events.Name` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `Events.Attributes` Array(Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
    `Links.TraceId` Array(String) CODEC(ZSTD(1)),
    `Links.SpanId` Array(String) CODEC(ZSTD(1)),
    `Links.TraceState` Array(String) CODEC(ZSTD(1)),
    `Links.Attributes` Array(Map(LowCardinality(String), String)) CODEC(ZSTD(1)),

    GenAiOperation LowCardinality(String) DEFAULT SpanAttributes['gen_ai.operation.name'] CODEC(ZSTD(1)),
    GenAiProvider LowCardinality(String) DEFAULT SpanAttributes['gen_ai.provider.name'] CODEC(ZSTD(1)),
    GenAiRequestModel LowCardinality(String) DEFAULT SpanAttributes['gen_ai.request.model'] CODEC(ZSTD(1)),
    GenAiResponseModel LowCardinality(String) DEFAULT SpanAttributes['gen_ai.response.model'] CODEC(ZSTD(1)),
    GenAiResponseId String DEFAULT SpanAttributes['gen_ai.response.id'] CODEC(ZSTD(1)),
    InputTokens UInt32 DEFAULT toUInt32OrZero(SpanAttributes['gen_ai.usage.input_tokens']) CODEC(T64, ZSTD(1)),
    OutputTokens UInt32 DEFAULT toUInt32OrZero(SpanAttributes['gen_ai.usage.output_tokens']) CODEC(T64, ZSTD(1)),
    CacheReadTokens UInt32 DEFAULT toUInt32OrZero(SpanAttributes['gen_ai.usage.cache_read.input_tokens']) CODEC(T64, ZSTD(1)),
    CacheWriteTokens UInt32 DEFAULT toUInt32OrZero(SpanAttributes['gen_ai.usage.cache_write.input_tokens']) CODEC(T64, ZSTD(1)),
    ErrorType LowCardinality(String) DEFAULT SpanAttributes['error.type'] CODEC(ZSTD(1)),
    TeamId LowCardinality(String) DEFAULT SpanAttributes['compliance.team.id'] CODEC(ZSTD(1)),
    UserId String DEFAULT SpanAttributes['compliance.user.id'] CODEC(ZSTD(1)),
    KeyId LowCardinality(String) DEFAULT SpanAttributes['compliance.key.id'] CODEC(ZSTD(1)),
    KeyHint LowCardinality(String) DEFAULT SpanAttributes['compliance.key.hint'] CODEC(ZSTD(1)),
    Environment LowCardinality(String) DEFAULT SpanAttributes['compliance.environment'] CODEC(ZSTD(1)),
    RequestType LowCardinality(String) DEFAULT SpanAttributes['compliance.request.type'] CODEC(ZSTD(1)),
    CallOutcome LowCardinality(String) DEFAULT SpanAttributes['compliance.call.outcome'] CODEC(ZSTD(1)),
    Classification LowCardinality(String) DEFAULT SpanAttributes['compliance.classification'] CODEC(ZSTD(1)),
    PiiDetected Bool DEFAULT SpanAttributes['compliance.pii.detected'] = 'true' CODEC(ZSTD(1)),
    SecretDetected Bool DEFAULT SpanAttributes['compliance.secret.detected'] = 'true' CODEC(ZSTD(1)),
    PiiInputTypes Array(LowCardinality(String)) DEFAULT JSONExtract(SpanAttributes['compliance.pii.input.types'], 'Array(String)') CODEC(ZSTD(1)),
    PiiOutputTypes Array(LowCardinality(String)) DEFAULT JSONExtract(SpanAttributes['compliance.pii.output.types'], 'Array(String)') CODEC(ZSTD(1)),
    RegionRequested LowCardinality(String) DEFAULT SpanAttributes['compliance.region.requested'] CODEC(ZSTD(1)),
    RegionActual LowCardinality(String) DEFAULT SpanAttributes['compliance.region.actual'] CODEC(ZSTD(1)),
    RegionViolation Bool DEFAULT SpanAttributes['compliance.region.violation'] = 'true' CODEC(ZSTD(1)),
    RedactionStatus LowCardinality(String) DEFAULT SpanAttributes['compliance.redaction.status'] CODEC(ZSTD(1)),
    RedactionCount UInt32 DEFAULT toUInt32OrZero(SpanAttributes['compliance.redaction.count']) CODEC(T64, ZSTD(1)),
    PolicyDigest LowCardinality(String) DEFAULT SpanAttributes['compliance.policy.digest'] CODEC(ZSTD(1)),
    -- At most ten years, as in a policy: the sum in the TTL is 32-bit and would pass 2106, and the row expire at once.
    RetentionDays UInt16 DEFAULT if(toUInt64OrZero(SpanAttributes['compliance.retention.days']) = 0, 400, least(3650, toUInt64OrZero(SpanAttributes['compliance.retention.days']))) CODEC(T64, ZSTD(1)),
    IngestedAt DateTime64(3) DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),

    INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_res_attr_key mapKeys(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_res_attr_value mapValues(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_span_attr_key mapKeys(SpanAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_span_attr_value mapValues(SpanAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_duration Duration TYPE minmax GRANULARITY 1,
    INDEX idx_user_id UserId TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(Timestamp)
PRIMARY KEY (ServiceName, SpanName, toDateTime(Timestamp))
ORDER BY (ServiceName, SpanName, toDateTime(Timestamp), Timestamp)
TTL toDateTime(Timestamp) + toIntervalDay(RetentionDays) DELETE
-- Classes of different retention share a partition, so rows expire one by one. The window says how many repeated
-- deliveries are recognised; every target of a materialised view needs one, too, or a retry counts twice there.
SETTINGS ttl_only_drop_parts = 0, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

-- Grafana's trace view looks a trace up here first; a trace that is missing here shows empty.
CREATE TABLE IF NOT EXISTS otel_traces_trace_id_ts (
    TraceId String CODEC(ZSTD(1)),
    Start DateTime CODEC(Delta, ZSTD(1)),
    End DateTime CODEC(Delta, ZSTD(1)),
    INDEX idx_trace_id TraceId TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(Start)
ORDER BY (TraceId, Start)
-- As long as the longest-lived span.
TTL Start + INTERVAL 3650 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS otel_traces_trace_id_ts_mv TO otel_traces_trace_id_ts AS
SELECT TraceId, toDateTime(min(Timestamp)) AS Start, toDateTime(max(Timestamp)) AS End
FROM otel_traces
WHERE TraceId != ''
GROUP BY TraceId;
