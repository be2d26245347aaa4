"""`python -m subgraphs.payment.sandbox`: the bank as a process."""

import sys

from subgraphs.kit.runtime import logging, server
from subgraphs.payment.sandbox.app import make_app
from subgraphs.payment.sandbox.settings import BankSettings


def main() -> int:
    """Serve until told to stop; the exit status."""
    settings = BankSettings()
    logging.configure("bank", log_format=settings.log_format)
    return server.serve(make_app(settings), host=settings.host, port=settings.port)


if __name__ == "__main__":
    sys.exit(main())
