"""Crashes: exporters and the owner of the store are killed (SIGKILL) at random points; what is lost, what counts twice?

Then the store is away for a while and comes back: what is lost, and how fast is it caught up with?

    PYTHONPATH=tests python benchmarks/crash.py [--smoke] [--kills 200] [--away 30]
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from support.crash import Outcome, crash, kill, settings, settle, start

from otel_compliance.store.client import connect
from otel_compliance.store.drain import drain
from otel_compliance.store.schema import migrate
from otel_compliance.store.spool import Spool

BATCH = 512
"""Rows that a busy process accepts at once, each second: the default of OpenTelemetry's batch processors."""


def show(title: str, outcome: Outcome) -> bool:
    """Print what was lost and doubled; whether nothing was."""
    doubled = sum(outcome.doubled.values())
    print(f"  {title:32} {outcome.accepted:,} rows accepted, {outcome.lost} lost, {doubled} counted twice")
    print(f"  {'by the ledger':32} {outcome.ledger['missing']} missing, {outcome.ledger['doubled']} doubled")
    return not (outcome.lost or doubled or any(outcome.ledger.values()))


def away(folder: Path, seconds: float) -> tuple[list[str], float]:
    """(what was accepted while no store was there, rows per second)."""
    exporters = [start("export", folder, rows=BATCH, pause=1.0) for _ in range(2)]
    time.sleep(seconds)
    accepted = [line for process in exporters for line in kill(process)]
    return accepted, len(accepted) * BATCH / seconds


def catch_up(folder: Path) -> tuple[int, float]:
    """(segments that were delivered, rows per second)."""
    with connect(f"chdb://{folder / 'store'}") as store:
        migrate(store)
        started = time.perf_counter()
        report = drain(Spool.from_settings(settings(folder)), store)
        return report.segments, report.rows / (time.perf_counter() - started)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="only see that it works")
    parser.add_argument("--kills", type=int, default=200, help="points at which a process is killed")
    parser.add_argument("--away", type=float, default=30.0, help="seconds that the store is away")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kills = 2 if options.smoke else options.kills
        accepted = crash(folder, kills=kills, seed=7)
        catch_up(folder)
        waited, arrival = away(folder, 2.0 if options.smoke else options.away)
        segments, drained = catch_up(folder)
        with connect(f"chdb://{folder / 'store'}") as store:
            fine = show(f"killed {kills} times, then away", settle(folder, store, accepted + waited))
    print(f"  arrival while it was away        {arrival:10,.0f} rows/s, in {segments} segments")
    print(f"  drained when it was back         {drained:10,.0f} rows/s, {drained / arrival:.1f} times as fast")
    if not fine:
        sys.exit("rows were lost or counted twice")


if __name__ == "__main__":
    main()
