"""``python -m workers``: works the queue, redrives what is dead, makes the demo market, trains the ranking model."""

import sys

from workers.cli import main
from workers.settings import RunSettings, WorkerSettings

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], settings=WorkerSettings(), run_settings=RunSettings))
