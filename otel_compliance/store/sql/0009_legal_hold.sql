-- Legal holds: rows that they cover do not expire. A hold names a pseudonym, a team or a period, or several of them, and
-- covers the rows to which all of it applies; what is empty applies to every row. The register itself has no TTL: that
-- there was a hold is evidence, too. A hold in force has ReleasedAt 1970.
CREATE TABLE IF NOT EXISTS legal_holds (
    Name String,
    UserId String,
    TeamId String,
    RowsFrom DateTime64(3),
    RowsTo DateTime64(3),
    Reason String,
    CreatedAt DateTime64(3),
    ReleasedAt DateTime64(3)
)
ENGINE = ReplacingMergeTree(ReleasedAt)
ORDER BY Name
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

-- So that every table that holds apply to says in the same words whom a row is about.
ALTER TABLE otel_logs ADD COLUMN IF NOT EXISTS UserId String ALIAS LogAttributes['compliance.user.id'];
ALTER TABLE otel_logs ADD COLUMN IF NOT EXISTS TeamId String ALIAS LogAttributes['compliance.team.id'];
ALTER TABLE genai_content ADD COLUMN IF NOT EXISTS TeamId String ALIAS '';

ALTER TABLE otel_traces ADD COLUMN IF NOT EXISTS LegalHold Bool DEFAULT false CODEC(ZSTD(1));
ALTER TABLE otel_logs ADD COLUMN IF NOT EXISTS LegalHold Bool DEFAULT false CODEC(ZSTD(1));
ALTER TABLE otel_audit ADD COLUMN IF NOT EXISTS LegalHold Bool DEFAULT false CODEC(ZSTD(1));
ALTER TABLE genai_content ADD COLUMN IF NOT EXISTS LegalHold Bool DEFAULT false CODEC(ZSTD(1));

-- A held row keeps its RetentionDays, so that a release restores what was. The condition is not part of the date: where
-- all dates of a part have passed, the engine drops it without a look at its rows, unless the TTL has a condition.
ALTER TABLE otel_traces MODIFY TTL toDateTime(Timestamp) + toIntervalDay(RetentionDays) DELETE WHERE NOT LegalHold;
ALTER TABLE otel_logs MODIFY TTL toDateTime(Timestamp) + toIntervalDay(RetentionDays) DELETE WHERE NOT LegalHold;
ALTER TABLE genai_content MODIFY TTL toDateTime(Timestamp) + toIntervalDay(RetentionDays) DELETE WHERE NOT LegalHold;
ALTER TABLE otel_audit MODIFY TTL toDateTime(Timestamp) + INTERVAL 7 YEAR DELETE WHERE NOT LegalHold;

-- One held row must not keep the other rows of its part.
ALTER TABLE otel_audit MODIFY SETTING ttl_only_drop_parts = 0;
