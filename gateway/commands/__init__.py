"""The commands of `python -m gateway`, a module each: `add_arguments(parser)` says what it takes, `run(arguments)` its exit status.

0 is success, 1 findings (composition errors, breaking changes), 2 wrong usage.
"""
