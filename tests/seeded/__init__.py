"""Bugs that the market had, made again: does the state machine of money find each of them?

    python -m tests.seeded                                  every bug
    python -m tests.seeded refund-asks-captured-sum         some of them
    python -m tests.seeded --examples 100 --seed 7          more examples than CI has, drawn from another seed

Each bug is a few lines that put the old behaviour back while a test runs (`bugs`); no file of the market changes. The command prints
after how many steps a check failed, and which, and ends with status 1 when a bug was not found. `tests/unit/seeded` makes every bug once,
so that one whose place moved is seen at once.
"""
