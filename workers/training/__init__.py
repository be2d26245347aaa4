"""From a log of behaviour to a model and a report of how much better than popularity it ranks.

`source` reads a log, `replay` relives it event by event (features see nothing that came later), `dataset` gathers rows,
`train` fits, `evaluate` measures on days the model never saw, `artefact` writes, `process` does all of it outside the caller.
"""
