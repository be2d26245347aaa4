"""The commands, a module each: `add_arguments(parser)` says what it takes, `run(arguments)` gives its exit status."""
