-- What arrived of each segment: the stored side of `otel-compliance verify delivery`. Rows say which segment brought
-- them, as exporter/accepted-sequence-rows-total; those of other producers say nothing. A view counts them as they are
-- inserted, in the same insert and under the same token, so that neither a retry nor retention nor erasure changes it.
ALTER TABLE otel_traces ADD COLUMN IF NOT EXISTS Segment LowCardinality(String) DEFAULT '' CODEC(ZSTD(1));

ALTER TABLE otel_logs ADD COLUMN IF NOT EXISTS Segment LowCardinality(String) DEFAULT '' CODEC(ZSTD(1));

ALTER TABLE genai_content ADD COLUMN IF NOT EXISTS Segment LowCardinality(String) DEFAULT '' CODEC(ZSTD(1));

CREATE TABLE IF NOT EXISTS export_ledger (
    ExporterId LowCardinality(String),
    Sequence UInt64 CODEC(Delta(8), ZSTD(1)),
    TargetTable LowCardinality(String),
    AcceptedAt DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    Accepted UInt64 CODEC(ZSTD(1)),
    Total UInt64 CODEC(Delta(8), ZSTD(1)),
    Stored UInt64 CODEC(ZSTD(1)),
    StoredAt DateTime64(3) DEFAULT now64(3) CODEC(Delta(8), ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(AcceptedAt)
ORDER BY (ExporterId, Sequence)
-- As long as the audit events whose delivery it shows.
TTL toDateTime(AcceptedAt) + INTERVAL 7 YEAR DELETE
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS export_ledger_traces_mv TO export_ledger AS
WITH splitByChar('/', toString(Segment)) AS Path, splitByChar('-', Path[2]) AS Numbers
SELECT
    Path[1] AS ExporterId,
    toUInt64OrZero(Numbers[2]) AS Sequence,
    'otel_traces' AS TargetTable,
    fromUnixTimestamp64Nano(toInt64OrZero(Numbers[1])) AS AcceptedAt,
    toUInt64OrZero(Numbers[3]) AS Accepted,
    toUInt64OrZero(Numbers[4]) AS Total,
    count() AS Stored
FROM otel_traces
WHERE Segment != ''
GROUP BY Segment;

CREATE MATERIALIZED VIEW IF NOT EXISTS export_ledger_logs_mv TO export_ledger AS
WITH splitByChar('/', toString(Segment)) AS Path, splitByChar('-', Path[2]) AS Numbers
SELECT
    Path[1] AS ExporterId,
    toUInt64OrZero(Numbers[2]) AS Sequence,
    'otel_logs' AS TargetTable,
    fromUnixTimestamp64Nano(toInt64OrZero(Numbers[1])) AS AcceptedAt,
    toUInt64OrZero(Numbers[3]) AS Accepted,
    toUInt64OrZero(Numbers[4]) AS Total,
    count() AS Stored
FROM otel_logs
WHERE Segment != ''
GROUP BY Segment;

CREATE MATERIALIZED VIEW IF NOT EXISTS export_ledger_content_mv TO export_ledger AS
WITH splitByChar('/', toString(Segment)) AS Path, splitByChar('-', Path[2]) AS Numbers
SELECT
    Path[1] AS ExporterId,
    toUInt64OrZero(Numbers[2]) AS Sequence,
    'genai_content' AS TargetTable,
    fromUnixTimestamp64Nano(toInt64OrZero(Numbers[1])) AS AcceptedAt,
    toUInt64OrZero(Numbers[3]) AS Accepted,
    toUInt64OrZero(Numbers[4]) AS Total,
    count() AS Stored
FROM genai_content
WHERE Segment != ''
GROUP BY Segment;

-- One row for each segment, of which the table has several if an insert was split into blocks.
CREATE VIEW IF NOT EXISTS export_ledger_segments AS
SELECT
    ExporterId,
    Sequence,
    min(AcceptedAt) AS At,
    max(Accepted) AS Rows,
    max(Total) AS Last,
    sum(Stored) AS Arrived
FROM export_ledger
GROUP BY ExporterId, Sequence;
