SELECT
    ChainId,
    Seq,
    PrevHash,
    Hash,
    EventName,
    TraceId,
    SpanId,
    toUnixTimestamp64Nano(Timestamp) AS TimestampNs,
    LogAttributes
FROM otel_audit
ORDER BY ChainId, Seq
