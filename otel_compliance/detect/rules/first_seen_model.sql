-- A model that a key never used before, for keys that have a history with other models.
SELECT
    concat(new.KeyId, ' ', new.Model) AS subject,
    toFloat64(any(new.Calls)) AS value,
    min(new.First) AS first_seen,
    max(new.Last) AS last_seen,
    any(calls.TraceIds) AS trace_ids
FROM
(
    SELECT KeyId, Value AS Model, min(FirstSeen) AS First, max(LastSeen) AS Last, sum(Calls) AS Calls
    FROM genai_first_seen
    WHERE Dimension = 'model'
    GROUP BY KeyId, Model
) AS new
INNER JOIN
(
    SELECT KeyId, Value AS Model, min(FirstSeen) AS First, sum(Calls) AS Calls
    FROM genai_first_seen
    WHERE Dimension = 'model'
    GROUP BY KeyId, Model
) AS old ON old.KeyId = new.KeyId
LEFT JOIN
(
    SELECT KeyId, GenAiRequestModel AS Model, groupUniqArray(10)(TraceId) AS TraceIds
    FROM otel_audit
    WHERE Timestamp >= {from:DateTime64(3)} AND Timestamp < {to:DateTime64(3)}
    GROUP BY KeyId, Model
) AS calls ON calls.KeyId = new.KeyId AND calls.Model = new.Model
WHERE new.First >= {from:DateTime64(3)} AND new.First < {to:DateTime64(3)} AND old.First < new.First
GROUP BY subject
HAVING sum(old.Calls) >= {threshold:UInt64}
