"""From spans and log records to rows in ClickHouse: convert, spool, drain, migrate."""
