-- What is stored of the prompt that this text is part of.
SELECT
    SpanAttributes['gen_ai.input.messages'] AS input,
    UserId AS user
FROM otel_traces
WHERE position(SpanAttributes['gen_ai.input.messages'], {text:String}) > 0
ORDER BY Timestamp DESC
LIMIT 1
