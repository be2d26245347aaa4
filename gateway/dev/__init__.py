"""One machine, no account: composes at every change, mocks what is down, and serves the result."""
