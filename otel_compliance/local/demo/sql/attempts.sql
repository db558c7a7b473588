-- How the HTTP attempts below the calls were answered.
SELECT coalesce(nullIf(SpanAttributes['http.response.status_code'], ''), SpanAttributes['http.status_code']) AS status, count() AS attempts
FROM otel_traces
WHERE startsWith(ScopeName, 'opentelemetry.instrumentation.httpx')
GROUP BY status
ORDER BY status
