"""The end-to-end tests against containers that run already: the 17 operations, a buyer's day, bad input, killed containers.

docker compose up --build -d
python -m tests.e2e.containers --url http://127.0.0.1:4000/graphql --compose "docker compose"
"""

import argparse
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
TESTS = ("test_operations.py", "test_market.py", "test_bad_input.py", "test_graphiql.py", "test_resilience.py")


def main() -> int:
    """Run the tests; pytest's exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.containers", description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:4000/graphql", help="the gateway's address")
    parser.add_argument("--compose", help="the command that started the containers; without it none is killed")
    arguments, pytest_arguments = parser.parse_known_args()
    tests = [str(FOLDER / name) for name in TESTS]
    options = [f"--containers-url={arguments.url}", f"--containers-compose={arguments.compose or ''}"]
    return subprocess.call([sys.executable, "-m", "pytest", *options, *tests, *pytest_arguments])


if __name__ == "__main__":
    sys.exit(main())
