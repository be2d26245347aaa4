#!/bin/bash
# One database and one role for each owner of tables: a table belongs to one service.
set -euo pipefail
password=$(cat "${POSTGRES_PASSWORD_FILE}")
for service in user catalog recommendation order order_analytics payment notification config; do
  psql -v ON_ERROR_STOP=1 -X -U "$POSTGRES_USER" -d "${POSTGRES_DB:-$POSTGRES_USER}" <<SQL
CREATE ROLE "$service" LOGIN PASSWORD '$password';
CREATE DATABASE "$service" OWNER "$service";
REVOKE ALL ON DATABASE "$service" FROM PUBLIC;
SQL
done
