# Sourced by start: the state folder, secrets made once, ports chosen once.
# shellcheck shell=bash

postgres_may_enter() { [ "$(id -u)" -ne 0 ] || runuser -u postgres -- test -x "$1" 2>/dev/null; }

# A new folder for the state when user postgres cannot enter the wanted one, e.g. below /root; .state becomes a link.
move_state() {
  local name
  name=sluice-local-$(printf '%s' "$ROOT" | sha256sum | head -c 8)
  STATE=/var/lib/$name
  say state "user postgres may not enter $STATE_WANTED; the state goes to $STATE, linked from $STATE_WANTED"
  install -d -m 755 "$STATE"
  rmdir "$STATE_WANTED" 2>/dev/null || true
  [ ! -e "$STATE_WANTED" ] || die "$STATE_WANTED exists and is in a folder user postgres may not enter" \
    "move the checkout, or set SLUICE_STATE to a folder that every user may enter"
  ln -sfn "$STATE" "$STATE_WANTED"
}

prepare_state() {
  install -d -m 755 "$STATE" || die "cannot create $STATE" "set SLUICE_STATE to a writable folder"
  postgres_may_enter "$STATE" || move_state
  # A socket path may have 107 bytes; the longest here is socket/.s.PGSQL.5432.lock.
  [ ${#STATE} -le 75 ] || die "the path $STATE is too long for unix sockets" "set SLUICE_STATE to a shorter one (75 bytes at most)"
  install -d -m 755 "$STATE/run" "$STATE/log"
  install -d -m 700 "$STATE/config" "$STATE/secrets"
  exec 9>"$STATE/run/lock"
  flock -w 300 9 || die "another start or stop has been running for minutes" "wait for it, or end it"
}

make_secret() { # NAME
  [ -s "$STATE/secrets/$1" ] && return 0
  say secrets "making $1"
  (umask 077 && openssl rand -hex 32 >"$STATE/secrets/$1.new" && mv "$STATE/secrets/$1.new" "$STATE/secrets/$1")
}

prepare_secrets() {
  local name
  for name in key_encryption_key api_key_pepper node_token bootstrap_token setup_token snapshot_key fake_upstream_key; do
    make_secret "$name"
  done
}

port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# The wanted port if it is free, else a random one that is.
free_port() { # WANTED TAKEN...
  local port=$1 try
  shift
  for try in $(seq 200); do
    if [[ " $* " != *" $port "* ]] && port_is_free "$port"; then
      echo "$port"
      return 0
    fi
    port=$((20000 + (RANDOM * 32768 + RANDOM + try) % 12000))
  done
  return 1
}

prepare_ports() {
  local file=$STATE/ports
  if [ ! -s "$file" ]; then
    local wanted=(8080 8081 8090 8091 8099) names=(GATEWAY GATEWAY_ADMIN CONTROL_HTTP CONTROL_GRPC FAKE) taken=() i port
    for i in "${!wanted[@]}"; do
      port=$(free_port "${wanted[$i]}" "${taken[@]}") || die "found no free port on 127.0.0.1" "end something that listens"
      taken+=("$port")
      echo "${names[$i]}_PORT=$port"
    done >"$file.new"
    mv "$file.new" "$file"
    say ports "chosen once, kept in $file: $(tr '\n' ' ' <"$file")"
  fi
  # shellcheck disable=SC1090
  . "$file"
  GATEWAY_URL=http://127.0.0.1:$GATEWAY_PORT
  DATAPLANE_ADMIN_URL=http://127.0.0.1:$GATEWAY_ADMIN_PORT
  ADMIN_URL=http://127.0.0.1:$CONTROL_HTTP_PORT
  FAKE_URL=http://127.0.0.1:$FAKE_PORT
}

# Before a service is started: a port somebody else took meanwhile gets a clear message.
check_port() { # SERVICE PORT
  running_pid "$1" >/dev/null && return 0
  port_is_free "$2" || die "port $2 of $1 is in use by another program" \
    "end that program, or: deploy/local/stop, remove $STATE/ports, start again"
}

# What scripts and tests need to know; 0600, because it holds keys.
write_env() {
  {
    echo "# Written by deploy/local/start: . $STATE_WANTED/env"
    local name
    for name in GATEWAY_URL GATEWAY_KEY ADMIN_URL ADMIN_TOKEN FAKE_URL DATAPLANE_ADMIN_URL STATE_DIR DATABASE PG_DUMP UPSTREAM_SECRET; do
      printf 'export %s=%q\n' "$name" "${!name}"
    done
  } | write_if_changed "$STATE/env" || true
}
