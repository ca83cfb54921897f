"""What becomes of each given workflow: `python -m tests.parity.given [PART OF A NAME ...]` prints a table."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.parity.given.running import runner
from tests.parity.given.workflow_files import given_workflows, stock_names


def main(wanted: list[str]) -> None:
    """Run those whose names hold one of the texts; all of them if none is given."""
    blocking: Counter[str] = Counter()
    stock = ran = shown = pictures = 0
    own = stock_names()
    with tempfile.TemporaryDirectory() as folder, runner(Path(folder)) as running:
        for given in given_workflows(running.engine.registry.catalogue()):
            if wanted and not any(text in given.name for text in wanted):
                continue
            shown += 1
            outcome = running.run(given)
            stock += given.stock_only
            ran += given.stock_only and outcome.ran
            pictures += len(outcome.pictures)
            blocking.update(given.unknown)
            print(f"{'ran   ' if outcome.ran else 'FAILED'} {outcome.seconds:5.2f} s  {given.name}", flush=True)
            for text in (*given.conversion_problems, *given.validation_problems()):
                print(f"         judged: {text}")
            if outcome.why:
                print(f"         {outcome.why}")
            for path in outcome.blank:
                print(f"         blank: {path.name}")
            for text in outcome.warnings:
                print(f"         left out: {text}")
    print(f"\n{shown} workflows; {stock} use stock types alone, of these {ran} ran and gave {pictures} pictures.")
    for name, count in blocking.most_common():
        print(f"missing: {name} ({'stock' if name in own else 'not stock'}), in {count}")


if __name__ == "__main__":
    main(sys.argv[1:])
