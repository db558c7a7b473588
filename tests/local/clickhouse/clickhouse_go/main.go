// Reads from the front as Grafana's ClickHouse datasource does: clickhouse-go over HTTP with gzip.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

type answer struct {
	Maps    map[string]string `json:"maps"`
	Time    string            `json:"time"`
	Rows    int               `json:"rows"`
	Refused []int32           `json:"refused"`
}

func main() {
	db := clickhouse.OpenDB(&clickhouse.Options{
		Addr:        []string{os.Args[1]},
		Protocol:    clickhouse.HTTP,
		Auth:        clickhouse.Auth{Database: "otel", Username: "dashboards", Password: os.Args[2]},
		Compression: &clickhouse.Compression{Method: clickhouse.CompressionGZIP},
		Settings:    clickhouse.Settings{"max_execution_time": 60},
	})
	defer db.Close()
	ctx := context.Background()
	must(db.PingContext(ctx))

	var a answer
	var at time.Time
	typed := "SELECT map('a', 'b'), toDateTime64('2026-11-23 12:00:00.123456789', 9, 'UTC'), " +
		"toLowCardinality('x'), CAST(NULL AS Nullable(String)), [(1, 'y')]"
	var low string
	var null *string
	var nested any
	must(db.QueryRowContext(ctx, typed).Scan(&a.Maps, &at, &low, &null, &nested))
	a.Time = at.Format(time.RFC3339Nano)

	rows, err := db.QueryContext(ctx, "SELECT number, toString(number) FROM numbers(200000)")
	must(err)
	for rows.Next() {
		var number uint64
		var text string
		must(rows.Scan(&number, &text))
		if fmt.Sprint(number) == text {
			a.Rows++
		}
	}
	must(rows.Err())

	for _, sql := range []string{"SELECT nope", "SELECT * FROM file('/etc/passwd')", "DROP TABLE otel_logs"} {
		_, err := db.ExecContext(ctx, sql)
		code := int32(-1)
		if err != nil {
			// Over HTTP the driver has no type for errors of the server, only their text.
			fmt.Sscanf(err.Error()[strings.Index(err.Error(), "Code:")+5:], "%d", &code)
		}
		a.Refused = append(a.Refused, code)
	}
	must(json.NewEncoder(os.Stdout).Encode(a))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
