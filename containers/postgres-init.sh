#!/bin/bash
# One database and one role for each owner of tables: a table belongs to one service.
set -euo pipefail
for owner in user catalog recommendation order order_analytics payment notification config; do
  password=$(cat "/run/yarmarka/secrets/database-$owner")
  psql -v ON_ERROR_STOP=1 -X -q -U "$POSTGRES_USER" -d "${POSTGRES_DB:-$POSTGRES_USER}" <<SQL
CREATE ROLE "$owner" LOGIN PASSWORD '$password';
CREATE DATABASE "$owner" OWNER "$owner";
REVOKE ALL ON DATABASE "$owner" FROM PUBLIC;
SQL
done
