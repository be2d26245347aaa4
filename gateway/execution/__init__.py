"""A Plan and a request's variables come in; the client's `data` and `errors` go out.

Knows the plan (`planning.plan`), never the planner. All of the gateway's talking to subgraphs is here.
"""
