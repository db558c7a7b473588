-- Findings of the rules, and every run of a rule: an auditor's population of alerts, with its completeness (SOC 2 CC7.2,
-- CC7.3). A finding that is written again replaces itself.
CREATE TABLE IF NOT EXISTS detection_findings (
    FindingId String CODEC(ZSTD(1)),
    RuleId LowCardinality(String),
    RuleDigest LowCardinality(String),
    Severity LowCardinality(String),
    Controls Array(LowCardinality(String)),
    WindowStart DateTime64(3),
    WindowEnd DateTime64(3),
    Subject String CODEC(ZSTD(1)),
    Value Float64,
    FirstSeen DateTime64(9),
    LastSeen DateTime64(9),
    TraceIds Array(String) CODEC(ZSTD(1)),
    DetectedAt DateTime64(3),
    IngestedAt DateTime64(3) DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(DetectedAt)
ORDER BY (RuleId, FindingId)
TTL toDateTime(DetectedAt) + INTERVAL 7 YEAR
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS detection_evaluations (
    RuleId LowCardinality(String),
    RuleDigest LowCardinality(String),
    WindowStart DateTime64(3),
    WindowEnd DateTime64(3),
    EvaluatedAt DateTime64(3),
    Findings UInt32,
    DurationMs UInt32,
    Error String,
    IngestedAt DateTime64(3) DEFAULT now64(3)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(EvaluatedAt)
ORDER BY (RuleId, EvaluatedAt)
TTL toDateTime(EvaluatedAt) + INTERVAL 7 YEAR
SETTINGS non_replicated_deduplication_window = 10000;
