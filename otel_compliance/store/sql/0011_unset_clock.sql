-- A clock that was not set yet says 1970. Rows of such a time would expire as they are stored, audit events as well, so
-- they live from then on as long as others.
ALTER TABLE otel_traces MODIFY TTL toDateTime(if(toYear(Timestamp) < 2000, IngestedAt, Timestamp)) + toIntervalDay(RetentionDays) DELETE WHERE NOT LegalHold;
ALTER TABLE otel_logs MODIFY TTL toDateTime(if(toYear(Timestamp) < 2000, IngestedAt, Timestamp)) + toIntervalDay(RetentionDays) DELETE WHERE NOT LegalHold;
ALTER TABLE genai_content MODIFY TTL toDateTime(if(toYear(Timestamp) < 2000, IngestedAt, Timestamp)) + toIntervalDay(RetentionDays) DELETE WHERE NOT LegalHold;
ALTER TABLE otel_audit MODIFY TTL toDateTime(if(toYear(Timestamp) < 2000, IngestedAt, Timestamp)) + INTERVAL 7 YEAR DELETE WHERE NOT LegalHold;
ALTER TABLE export_ledger MODIFY TTL toDateTime(if(toYear(AcceptedAt) < 2000, StoredAt, AcceptedAt)) + INTERVAL 7 YEAR DELETE;
