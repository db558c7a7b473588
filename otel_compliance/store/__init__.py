"""From spans and log records to rows in ClickHouse.

```
exporter ─▶ rows ─▶ spool ─▶ drain ─▶ client ─▶ ClickHouse, embedded or a server
(of the SDK)         (disk)    ▲
                   a thread of the process, for a server · the command that owns the embedded store
```

`schema` applies the numbered migrations of the folder ``sql``. Instrumented processes import `exporter` only, which
needs neither the client nor the engine; import what you need from the modules.
"""
