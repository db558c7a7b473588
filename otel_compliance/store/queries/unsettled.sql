SELECT count() AS rows
FROM {table:Identifier}
WHERE LegalHold != (arrayExists(
    hold -> (hold.1 = '' OR hold.1 = UserId) AND (hold.2 = '' OR hold.2 = TeamId) AND Timestamp >= hold.3 AND Timestamp < hold.4,
    (SELECT groupArray((UserId, TeamId, RowsFrom, RowsTo)) FROM legal_holds FINAL WHERE ReleasedAt = 0)
) OR ({linked:Bool} AND SpanId != '' AND (TraceId, SpanId) IN (SELECT TraceId, SpanId FROM otel_audit WHERE LegalHold)))
