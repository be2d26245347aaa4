"""``python -m workers``: makes the demo market, trains and evaluates the ranking model."""

import sys

from workers.cli import main
from workers.settings import WorkerSettings

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], settings=WorkerSettings()))
