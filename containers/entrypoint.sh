#!/bin/sh
# Gives a process its own secrets and databases, by environment, and becomes it.
#   SECRETS    names of variables. What the environment lacks comes from the files that the `keys` service made for this process.
#   DATABASES  names of databases here: USER_DATABASE_URL for `user`, unless the environment has it.
set -eu
folder=/run/yarmarka/secrets
for name in ${SECRETS:-}; do
  eval "given=\${$name:-}"
  [ -n "$given" ] || given=$(cat "$folder/$name")
  export "$name=$given"
done
for owner in ${DATABASES:-}; do
  variable=$(echo "$owner" | tr '[:lower:]' '[:upper:]')_DATABASE_URL
  eval "given=\${$variable:-}"
  [ -n "$given" ] || given="postgresql+asyncpg://$owner:$(cat "$folder/database-$owner")@postgres:5432/$owner"
  export "$variable=$given"
done
if [ -n "${REDIS_PASSWORD:-}" ] && [ -z "${YARMARKA_REDIS_URL:-}" ]; then
  export "YARMARKA_REDIS_URL=redis://:$REDIS_PASSWORD@redis:6379/0"
fi
[ -n "${YARMARKA_REDIS_URL:-}" ] || unset YARMARKA_REDIS_URL
exec "$@"
