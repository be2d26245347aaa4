"""The bank sandbox: the external payment provider that development and tests talk to, as a process of its own with its own memory.

Comes in: an HTTP API with a key. Goes out: signed webhooks, sent again until they are taken. It knows nothing of orders or of the market, and
of the kit it uses the runtime alone; nothing of the payment service is imported here.
"""
