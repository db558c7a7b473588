"""The local front: how fast processes insert through it, one and several at a time.

Each writer is a process of its own, which converts spans and inserts them with `clickhouse-connect`, as exporters'
drainers do. The front and the engine are one more process. All start at the same moment; what counts is when the last
one is done. Besides: how long a query takes while nobody writes, one at a time.

    python benchmarks/front.py [--smoke] [--spans 20000]
"""

import argparse
import multiprocessing
import statistics
import tempfile
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path

from storage import BATCHES, spans

from otel_compliance.local.clickhouse import ClickHouseFront
from otel_compliance.local.clickhouse.access import Access, User
from otel_compliance.store.client import connect
from otel_compliance.store.rows import span_block
from otel_compliance.store.schema import migrate

WRITERS = 4
QUERIES = 200


def write(dsn: str, count: int, batch: int, start: Barrier, end: Barrier) -> None:
    """Insert `count` spans: the process of a writer."""
    finished = spans(count)
    with connect(dsn) as store:
        start.wait()
        for first in range(0, count, batch):
            store.insert(span_block(finished[first : first + batch]))
        end.wait()


def seconds(dsn: str, writers: int, count: int, batch: int) -> float:
    """Seconds until every writer is done."""
    context = multiprocessing.get_context("spawn")
    start, end = context.Barrier(writers + 1), context.Barrier(writers + 1)
    processes = [context.Process(target=write, args=(dsn, count, batch, start, end)) for _ in range(writers)]
    for process in processes:
        process.start()
    start.wait()
    started = time.perf_counter()
    end.wait()
    took = time.perf_counter() - started
    for process in processes:
        process.join()
    return took


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="only see that it works")
    parser.add_argument("--spans", type=int, default=20_000, help="spans of each writer")
    options = parser.parse_args()
    count = 1_024 if options.smoke else options.spans
    with tempfile.TemporaryDirectory() as folder, connect(f"chdb://{folder}/store") as store:
        migrate(store)
        access = Access.from_directory(Path(folder))
        with ClickHouseFront(Path(folder) / "store", access) as front:
            token = (Path(folder) / "tokens" / User.WRITER).read_text(encoding="ascii").strip()
            dsn = f"http://{User.WRITER}:{token}@127.0.0.1:{front.port}/otel"
            for batch in BATCHES:
                rates = {number: number * count / seconds(dsn, number, count, batch) for number in (1, WRITERS)}
                print(f"batches of {batch}, {count} spans of each writer")
                for number, rate in rates.items():
                    print(f"  writers: {number:<10}{rate:10,.0f} rows/s{rate / rates[1]:8.2f} ×")
            with connect(dsn) as client:
                times = []
                for _ in range(QUERIES):
                    started = time.perf_counter()
                    client.query("SELECT 1")
                    times.append(time.perf_counter() - started)
            print(f"SELECT 1, median     {statistics.median(times) * 1e3:10.1f} ms")


if __name__ == "__main__":
    main()
