-- Calls by data class, and what was done with their content. Content is on the span, the class on every audit event.
SELECT
    Classification AS class,
    count() AS calls,
    sum(RedactionCount) AS values,
    arraySort(groupUniqArray(toUInt16OrZero(LogAttributes['compliance.retention.days']))) AS retention_days,
    countIf(SpanId IN (SELECT SpanId FROM genai_content)) AS with_content
FROM otel_audit
WHERE EventName = 'claude.api.request'
GROUP BY class
ORDER BY indexOf(['RESTRICTED', 'CONFIDENTIAL', 'INTERNAL', 'PUBLIC'], class)
