"""The bank sandbox: the external payment provider that development and tests talk to, as a process of its own with its own memory.

Comes in: an HTTP API with a key. Goes out: signed webhooks, sent again until they are taken. It knows nothing of orders or of the market, and
of the kit it uses the runtime alone; nothing of the payment service is imported here.

Faults are asked for. The method that confirms a payment decides how it ends (`cards`): `card_outage` is never answered, `card_answer_lost` is
charged and not answered. `PUT /v1/test/webhooks` with the API key loses, delays, doubles or reverses the events of all payments from then on:
`{"is_lost": true}`, `{"delay_seconds": 5}`, `{"copies": 3}`, `{"is_reversed": true}`; `{}` ends it, and so does a restart.
`PUT /v1/test/answers` does the same to a merchant's calls: `{"is_failing": true}`, `{"is_lost": true}`, `{"delay_seconds": 2}`.
"""
