-- Redacted content of calls, apart from their metadata: encrypted by the exporter with the key of the data subject, so
-- that destroying the key erases it here and in every backup, and with a short life of its own.
CREATE TABLE IF NOT EXISTS genai_content (
    Timestamp DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    UserId String CODEC(ZSTD(1)),
    Name LowCardinality(String),
    -- Base64 of nonce, ciphertext and tag (AES-256-GCM). It does not compress.
    Sealed String CODEC(NONE),
    RetentionDays UInt16,
    IngestedAt DateTime64(3) DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),

    INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_user_id UserId TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(Timestamp)
ORDER BY (toStartOfHour(Timestamp), TraceId, SpanId, Name)
TTL toDateTime(Timestamp) + toIntervalDay(RetentionDays) DELETE
SETTINGS ttl_only_drop_parts = 0, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;
