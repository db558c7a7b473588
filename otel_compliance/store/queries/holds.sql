SELECT
    Name AS name,
    UserId AS user,
    TeamId AS team,
    RowsFrom AS rows_from,
    RowsTo AS rows_to,
    Reason AS reason,
    CreatedAt AS created_at,
    ReleasedAt AS released_at
FROM legal_holds FINAL
ORDER BY CreatedAt, Name
