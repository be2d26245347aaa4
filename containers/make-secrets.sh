#!/bin/sh
# Makes the secrets of a development installation once, into the volume that every service reads (see entrypoint.sh).
set -eu
file=${YARMARKA_SECRETS_FILE:-/run/yarmarka/secrets.env}
[ -f "$file" ] && exit 0
random() { python3 -c "import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip('='))"; }
umask 077
password=$(random)
{
  for name in YARMARKA_SERVICE_KEYS YARMARKA_CURSOR_KEYS; do echo ": \"\${$name:=dev1:$(random)}\"; export $name"; done
  for name in PAYMENT_WEBHOOK_SECRET BANK_API_KEY; do echo ": \"\${$name:=$(random)}\"; export $name"; done
  echo ": \"\${POSTGRES_PASSWORD:=$password}\"; export POSTGRES_PASSWORD"
} > "$file.new"
mkdir -p "$(dirname "$file")/postgres"
printf %s "$password" > "$(dirname "$file")/postgres/password"
chmod 755 "$(dirname "$file")/postgres"
chmod 444 "$(dirname "$file")/postgres/password"
mv "$file.new" "$file"
