-- In how many calls each kind of personal data or secret was found.
SELECT
    type,
    countIf(has(PiiInputTypes, type)) AS in_prompts,
    countIf(has(PiiOutputTypes, type)) AS in_answers
FROM otel_audit
ARRAY JOIN arrayDistinct(arrayConcat(PiiInputTypes, PiiOutputTypes)) AS type
WHERE EventName = 'claude.api.request'
GROUP BY type
ORDER BY in_prompts + in_answers DESC, type
