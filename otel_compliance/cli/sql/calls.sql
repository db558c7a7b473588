SELECT
    Timestamp AS timestamp,
    ServiceName AS service,
    Environment AS environment,
    TeamId AS team,
    UserId AS user,
    KeyId AS key,
    KeyHint AS key_hint,
    RequestType AS request_type,
    GenAiRequestModel AS model,
    Classification AS class,
    arrayDistinct(arrayConcat(PiiInputTypes, PiiOutputTypes)) AS found,
    RedactionStatus AS redaction,
    RegionRequested AS region_requested,
    RegionActual AS region_actual,
    RegionViolation AS region_violation,
    InputTokens AS input_tokens,
    OutputTokens AS output_tokens,
    CallOutcome AS outcome,
    ErrorType AS error_type,
    TraceId AS trace_id
FROM otel_audit
WHERE EventName = 'claude.api.request' AND Timestamp >= {since:DateTime64(9)}
ORDER BY Timestamp DESC
LIMIT {limit:UInt32}
