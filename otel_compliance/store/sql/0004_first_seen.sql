-- When a value was first and last seen with a key. Fed by the audit log, which sampling does not thin out, and read by
-- the first-seen rules instead of scanning history.
CREATE TABLE IF NOT EXISTS genai_first_seen (
    Dimension LowCardinality(String),
    KeyId LowCardinality(String),
    Value String CODEC(ZSTD(1)),
    FirstSeen SimpleAggregateFunction(min, DateTime64(9)),
    LastSeen SimpleAggregateFunction(max, DateTime64(9)),
    Calls SimpleAggregateFunction(sum, UInt64)
)
ENGINE = AggregatingMergeTree
ORDER BY (Dimension, KeyId, Value)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS genai_first_seen_mv TO genai_first_seen AS
SELECT
    dimension.1 AS Dimension,
    KeyId,
    dimension.2 AS Value,
    min(Timestamp) AS FirstSeen,
    max(Timestamp) AS LastSeen,
    count() AS Calls
FROM otel_audit
ARRAY JOIN [('model', toString(GenAiRequestModel)), ('service', toString(ServiceName))] AS dimension
WHERE EventName = 'claude.api.request' AND KeyId != '' AND dimension.2 != ''
GROUP BY Dimension, KeyId, Value;
