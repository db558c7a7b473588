-- Calls whose requested or actual region the policy does not allow, by service and region.
SELECT
    concat(ServiceName, ' ', if(RegionActual != '', RegionActual, RegionRequested)) AS subject,
    toFloat64(uniqExact(ChainId, Seq)) AS value,
    min(Timestamp) AS first_seen,
    max(Timestamp) AS last_seen,
    groupUniqArray(10)(TraceId) AS trace_ids
FROM otel_audit
WHERE IngestedAt >= {from:DateTime64(3)} AND IngestedAt < {to:DateTime64(3)}
    AND EventName = 'claude.api.request'
    AND RegionViolation
GROUP BY subject
HAVING value >= {threshold:UInt64}
