# Sourced by start: brings up PostgreSQL, Redis, the two planes and the fake upstream. Each function does nothing if its
# service already runs as wanted.
# shellcheck shell=bash disable=SC2154

# Runs a command as the owner of the PostgreSQL cluster: user postgres if we are root, else ourselves.
as_postgres() {
  if [ "$(id -u)" -eq 0 ]; then
    runuser -u postgres -- "$@" 9>&-
  else
    "$@" 9>&-
  fi
}

postgres_tool() {
  local found
  found=$(ls -d /usr/lib/postgresql/*/bin/"$1" 2>/dev/null | sort -V | tail -n 1)
  [ -n "$found" ] || found=$(command -v "$1") || die "PostgreSQL's $1 is not installed" "deploy/local/install_packages run"
  echo "$found"
}

make_cluster() {
  local password_free=(-U postgres --auth-local=trust --auth-host=reject -E UTF8 --locale=C.UTF-8)
  say postgres "creating a private cluster in $STATE/postgres"
  install -d -m 700 "$STATE/postgres"
  [ "$(id -u)" -ne 0 ] || chown postgres "$STATE/postgres"
  if ! (cd / && as_postgres "$(postgres_tool initdb)" -D "$STATE/postgres" "${password_free[@]}") >>"$(log_file postgres)" 2>&1; then
    show_log_tail postgres
    rm -rf "$STATE/postgres"
    die "initdb failed" "read the lines above; free disk space and a writable $STATE are needed"
  fi
  # Only the socket, in a folder that only its owner (and root) may enter: that is why local connections are trusted.
  as_postgres tee -a "$STATE/postgres/postgresql.conf" >/dev/null <<EOF
listen_addresses = ''
unix_socket_directories = '$STATE/socket'
max_connections = 100
log_min_messages = warning
EOF
}

launch_postgres() {
  local log
  log=$(log_file postgres)
  (cd / && as_postgres "$(postgres_tool pg_ctl)" -D "$STATE/postgres" -w -t 60 start >>"$log" 2>&1 </dev/null)
}

start_postgres() {
  DATABASE="host=$STATE/socket user=postgres dbname=sluice"
  install -d -m 700 "$STATE/socket"
  [ "$(id -u)" -ne 0 ] || chown postgres "$STATE/socket"
  [ -f "$STATE/postgres/PG_VERSION" ] || make_cluster
  if ! running_pid postgres >/dev/null; then
    say postgres "starting, socket in $STATE/socket"
    # After a kill -9 the backends of the old server may need a moment to end.
    local try
    for try in 1 2 3 4 5 6; do
      launch_postgres && break
      [ "$try" -lt 6 ] || { show_log_tail postgres; die "PostgreSQL does not start" "read the lines above, then start again"; }
      sleep 1
    done
    remember_pid postgres "$(as_postgres head -n 1 "$STATE/postgres/postmaster.pid")"
  fi
  wait_for postgres 60 "PostgreSQL takes connections" psql -X -d "${DATABASE/dbname=sluice/dbname=postgres}" -c 'select 1'
  if ! psql -X -d "$DATABASE" -c 'select 1' >/dev/null 2>&1; then
    say postgres "creating database sluice"
    psql -Xq -d "${DATABASE/dbname=sluice/dbname=postgres}" -c 'create database sluice' >/dev/null
  fi
}

start_redis() {
  local socket=$STATE/run/redis.sock
  running_pid redis >/dev/null && return 0
  say redis "starting, socket $socket"
  install -d -m 700 "$STATE/redis"
  rm -f "$socket"
  spawn redis redis-server --port 0 --unixsocket "$socket" --unixsocketperm 700 --dir "$STATE/redis" \
    --appendonly yes --appendfsync everysec --save '' --daemonize no --set-proc-title no
  wait_for redis 30 "Redis answers" redis-cli -s "$socket" ping
}

# Restarts a service whose config or program changed; says whether it must be started.
must_start() { # NAME CONFIG-CHANGED
  local pid
  pid=$(running_pid "$1") || return 0
  if [ "$2" = yes ]; then
    say "$1" "its config changed: restarting it"
  elif [[ $(readlink "/proc/$pid/exe") == *' (deleted)' ]]; then
    say "$1" "was built anew: restarting it"
  else
    return 1
  fi
  end_named_service "$1"
}

start_controlplane() {
  local changed=no
  write_if_changed "$STATE/config/controlplane.yaml" <<EOF && changed=yes
# Written by deploy/local/start.
database: "$DATABASE"
database_pool: 8
grpc_listen: "127.0.0.1:$CONTROL_GRPC_PORT"
http_listen: "127.0.0.1:$CONTROL_HTTP_PORT"
secrets:
  key_encryption_key_file: "$STATE/secrets/key_encryption_key"
  api_key_pepper_file: "$STATE/secrets/api_key_pepper"
  node_token_file: "$STATE/secrets/node_token"
  bootstrap_token_file: "$STATE/secrets/bootstrap_token"
  setup_token_file: "$STATE/secrets/setup_token"
# Browsers reach it by plain http, on this machine only.
secure_cookies: false
allow_private_upstreams: ["127.0.0.0/8"]
log:
  level: "${SLUICE_LOG_LEVEL:-info}"
EOF
  must_start controlplane $changed || return 0
  say controlplane "starting; it migrates its database itself"
  spawn controlplane "$BUILD/controlplane/sluice-controlplane" --config "$STATE/config/controlplane.yaml"
  wait_for controlplane 60 "the control plane is ready" answers "$ADMIN_URL/readyz"
}

start_dataplane() {
  local changed=no
  write_if_changed "$STATE/config/dataplane.yaml" <<EOF && changed=yes
# Written by deploy/local/start.
node_id: "local-1"
listen: "127.0.0.1:$GATEWAY_PORT"
admin_listen: "127.0.0.1:$GATEWAY_ADMIN_PORT"
workers: ${SLUICE_WORKERS:-$(nproc)}
control_plane: "127.0.0.1:$CONTROL_GRPC_PORT"
redis: "unix:$STATE/run/redis.sock"
data_dir: "$STATE/dataplane"
secrets:
  api_key_pepper_file: "$STATE/secrets/api_key_pepper"
  snapshot_key_file: "$STATE/secrets/snapshot_key"
  node_token_file: "$STATE/secrets/node_token"
log:
  level: "${SLUICE_LOG_LEVEL:-info}"
EOF
  must_start dataplane $changed || return 0
  say dataplane "starting with ${SLUICE_WORKERS:-$(nproc)} workers"
  install -d -m 700 "$STATE/dataplane"
  spawn dataplane "$BUILD/dataplane/sluice-dataplane" --config "$STATE/config/dataplane.yaml"
  wait_for dataplane 90 "the data plane has its config and is ready" answers "$DATAPLANE_ADMIN_URL/readyz"
}

start_fake() {
  must_start fake no || return 0
  say fake "starting the fake upstream at $FAKE_URL"
  spawn fake "$BUILD/tests/fakes/fake-anthropic" --listen "127.0.0.1:$FAKE_PORT" --log 200 \
    --key "$(cat "$STATE/secrets/fake_upstream_key")"
  wait_for fake 20 "the fake upstream answers" answers "$FAKE_URL/healthz"
}
