"""ClickHouse's HTTP interface over the embedded store, for Grafana, `clickhouse-connect` and the command line.

```
handler (HTTP) ─▶ access ─▶ request ─▶ screening ─▶ execution ─▶ response
                  (who)     (body,     (what the    (one handle
                             settings)  parser saw)  per request)
```
"""

from otel_compliance.local.clickhouse.server import ClickHouseFront

__all__ = ["ClickHouseFront"]
