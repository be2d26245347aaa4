#!/bin/sh
# Makes the secrets of an installation once, so that a fresh clone starts, and gives each process a folder with its own alone: a file
# for each secret that no environment gave, the passwords of PostgreSQL's roles, the keys that sign the clients' tokens. What is there stays.
set -eu
umask 077
all=/run/yarmarka/all
of=/run/yarmarka/of
owners="user catalog recommendation order order_analytics payment notification config"
random() { python -c "import secrets; print(secrets.token_urlsafe(32))"; }
keep() { # keep NAME VALUE
  [ -s "$all/$1" ] || { printf %s "$2" > "$all/$1.new" && mv "$all/$1.new" "$all/$1"; }
}
give() { # give PROCESS MODE NAME..: the images of PostgreSQL and Redis run as users of their own, hence the mode
  process=$1 mode=$2
  shift 2
  for name in "$@"; do
    cp "$all/$name" "$of/$process/$name.new" && chmod "$mode" "$of/$process/$name.new" && mv -f "$of/$process/$name.new" "$of/$process/$name"
  done
}

for name in YARMARKA_SERVICE_KEYS YARMARKA_CURSOR_KEYS; do keep $name "dev1:$(random)"; done
for name in PAYMENT_WEBHOOK_SECRET BANK_API_KEY REDIS_PASSWORD YARMARKA_METRICS_TOKEN; do keep $name "$(random)"; done
keep postgres "${POSTGRES_PASSWORD:-$(random)}"
for owner in $owners; do keep "database-$owner" "$(random)"; done
keep redis.conf "requirepass $(cat "$all/REDIS_PASSWORD")"

service="YARMARKA_SERVICE_KEYS YARMARKA_CURSOR_KEYS YARMARKA_METRICS_TOKEN"
payment="PAYMENT_WEBHOOK_SECRET BANK_API_KEY"
give config 400 $service REDIS_PASSWORD database-config
give user 400 $service REDIS_PASSWORD database-user
give catalog 400 $service REDIS_PASSWORD database-catalog
give recommendation 400 $service REDIS_PASSWORD database-recommendation
give feed 400 $service REDIS_PASSWORD
give payment 400 $service REDIS_PASSWORD database-payment $payment
give notification 400 $service REDIS_PASSWORD database-notification
give order 400 $service REDIS_PASSWORD database-order database-order_analytics
give worker 400 $service REDIS_PASSWORD database-order database-order_analytics database-payment database-recommendation database-notification
give gateway 400 YARMARKA_SERVICE_KEYS YARMARKA_METRICS_TOKEN
give bank 400 $payment
give prepare 400 $service $payment $(for owner in $owners; do echo "database-$owner"; done)
give postgres 444 postgres $(for owner in $owners; do echo "database-$owner"; done)
give redis 444 REDIS_PASSWORD redis.conf
[ -s /run/yarmarka/user/user-tokens.json ] || python -m subgraphs.user make-keys /run/yarmarka/user
