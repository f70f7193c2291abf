"""Kill the mission loop a hundred times at random instants; report every difference from a calm run.

    python benchmarks/kills.py WORK [KILLS] [SEED] [DATABASE_URL]

With the URL of a PostgreSQL server each operation has a database of its own there. SIGKILL, real time.
"""

import runpy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

if __name__ == "__main__":
    runpy.run_module("support.kills", run_name="__main__")
