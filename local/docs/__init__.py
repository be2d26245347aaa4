"""The pages of `docs/`: those that are written from code, and the hooks of the site that MkDocs builds.

Comes in: the gateway's settings and codes, the Markdown of the repository. Goes out: `docs/gateway/settings.md`, `docs/gateway/errors.md`,
and what the site shows beside `docs/`. `python -m local.docs` writes the pages; `tests/contract/test_docs.py` compares them.
"""
