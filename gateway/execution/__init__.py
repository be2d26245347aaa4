"""A Plan and a request's variables come in; the client's `data` and `errors` go out. All talking to subgraphs is here.

Knows the plan (`planning.plan`), never the planner; and of the rest of the gateway the operation's model and the errors.

    executor        prepare(plan, operation) -> Executable; execute(request) -> Answer; subscribe(request) -> Answers
    general         the general path: a tree of dicts; what it answers is what is right
      program       the plan, made ready for it           tree             places, merging
      representations   which entities to ask for          reply            what a subgraph's answer is worth
      contexts        what the objects around entities give them, and the requests that this makes
      failures      subgraphs' errors at the client's paths    projection, leaves   the answer's only author
      introspection `__schema` and `__type`
    fast            the fast path: compiled Python over typed objects; leaves at the first doubt (decision 0031)
      layout        every object of the answer, and who brings each field
      structs       msgspec types of a layout              compile, parts, retagging   the Python of a plan
    flights         equal requests in flight are one       trace            what each fetch did
    transport       the Protocol; http_transport (decision 0032): exchange, connection, pool, event_stream, framing; fake_transport
"""
