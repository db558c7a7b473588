SELECT KeyId AS key, any(KeyHint) AS hint FROM otel_audit WHERE KeyHint != '' GROUP BY key
