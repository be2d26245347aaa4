#!/bin/sh
# Makes the secrets of an installation once, into volumes, so that a fresh clone starts: a file for each secret that no environment
# gave, the passwords of PostgreSQL's roles, and the keys that sign the clients' tokens. What is there stays.
set -eu
umask 077
random() { python -c "import secrets; print(secrets.token_urlsafe(32))"; }
keep() { # keep FILE MODE VALUE
  [ -s "$1" ] || { printf %s "$3" > "$1.new" && chmod "$2" "$1.new" && mv "$1.new" "$1"; }
}
for name in YARMARKA_SERVICE_KEYS YARMARKA_CURSOR_KEYS; do keep "/run/yarmarka/secrets/$name" 400 "dev1:$(random)"; done
for name in PAYMENT_WEBHOOK_SECRET BANK_API_KEY; do keep "/run/yarmarka/secrets/$name" 400 "$(random)"; done
# PostgreSQL runs as a user of its own, and nothing but the services that have a database mounts these.
keep /run/yarmarka/databases/postgres 444 "${POSTGRES_PASSWORD:-$(random)}"
for owner in user catalog recommendation order order_analytics payment notification config; do
  keep "/run/yarmarka/databases/$owner" 444 "$(random)"
done
[ -s /run/yarmarka/user/user-tokens.json ] || python -m subgraphs.user make-keys /run/yarmarka/user
