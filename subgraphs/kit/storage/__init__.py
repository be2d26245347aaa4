"""A service's own database: engines, the only commit, outbox and relay, inbox, pages, migrations. Imports messaging and runtime."""
