-- A hold that names the subject covers it before there is a row of it; one of a team or a period covers it by its rows.
SELECT Name AS name
FROM legal_holds FINAL
WHERE ReleasedAt = 0 AND UserId = {subject:String}
UNION DISTINCT
SELECT hold.Name
FROM (SELECT * FROM legal_holds FINAL WHERE ReleasedAt = 0 AND UserId = '') AS hold
CROSS JOIN (
    SELECT toString(TeamId) AS Team, Timestamp FROM otel_traces WHERE UserId = {subject:String}
    UNION ALL
    SELECT toString(TeamId), Timestamp FROM otel_logs WHERE UserId = {subject:String}
    UNION ALL
    SELECT toString(TeamId), Timestamp FROM otel_audit WHERE UserId = {subject:String}
) AS row
WHERE hold.TeamId IN ('', row.Team) AND row.Timestamp >= hold.RowsFrom AND row.Timestamp < hold.RowsTo
