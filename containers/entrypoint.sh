#!/bin/sh
# Secrets come by environment. What is not set there comes from the file that the `keys` service makes at the first start,
# so that `docker compose up` works from a clone with no secret in it.
set -eu
secrets=${YARMARKA_SECRETS_FILE:-/run/yarmarka/secrets.env}
if [ -f "$secrets" ]; then . "$secrets"; fi
if [ -n "${YARMARKA_POSTGRES:-}" ]; then
  for service in user catalog recommendation order order_analytics payment notification config; do
    variable=$(echo "$service" | tr '[:lower:]' '[:upper:]')_DATABASE_URL
    eval "given=\${$variable:-}"
    [ -n "$given" ] || export "$variable=postgresql+asyncpg://$service:$POSTGRES_PASSWORD@$YARMARKA_POSTGRES/$service"
  done
fi
exec "$@"
