"""The map of a request: prepare, plan, execute, project. Only calls."""
