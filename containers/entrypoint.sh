#!/bin/sh
# Gives a process its own secrets and databases, by environment, and becomes it.
#   SECRETS    names of variables. What the environment lacks comes from the files that the `keys` service made.
#   DATABASES  names of databases here: USER_DATABASE_URL for `user`, unless the environment has it.
set -eu
for name in ${SECRETS:-}; do
  eval "given=\${$name:-}"
  [ -n "$given" ] || given=$(cat "/run/yarmarka/secrets/$name")
  export "$name=$given"
done
for owner in ${DATABASES:-}; do
  variable=$(echo "$owner" | tr '[:lower:]' '[:upper:]')_DATABASE_URL
  eval "given=\${$variable:-}"
  [ -n "$given" ] || given="postgresql+asyncpg://$owner:$(cat "/run/yarmarka/databases/$owner")@postgres:5432/$owner"
  export "$variable=$given"
done
exec "$@"
