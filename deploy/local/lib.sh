# Sourced by start, stop, status and logs: where things are, talking to the user, processes and their pid files.
# shellcheck shell=bash
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
STATE_WANTED=${SLUICE_STATE:-$ROOT/.state}
STATE=$(readlink -f "$STATE_WANTED")
PRESET=${SLUICE_PRESET:-release}
BUILD=$ROOT/build/$PRESET
SERVICES=(postgres redis controlplane fake dataplane)

say() { printf '%-13s %s\n' "$1" "$2"; }

# die WHAT WHAT-TO-DO
die() {
  printf '\n%-13s %s\n' FAILED "$1" >&2
  [ -z "${2:-}" ] || printf '%-13s %s\n' 'to do' "$2" >&2
  exit 1
}

log_file() { echo "$STATE/log/$1.log"; }

show_log_tail() {
  local file
  file=$(log_file "$1")
  [ -s "$file" ] || return 0
  printf '\nlast lines of %s:\n' "$file" >&2
  tail -n 15 "$file" >&2
}

# When the process began, in clock ticks since boot: with the pid it names one process for good.
started_at() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  stat=${stat##*) }
  # shellcheck disable=SC2086
  set -- $stat
  [ "$1" != Z ] || return 1
  echo "${20}"
}

remember_pid() { # NAME PID
  started_at "$2" >"$STATE/run/$1.started"
  echo "$2" >"$STATE/run/$1.pid"
}

# Prints the pid if the process of our pid file still runs and is the one we started.
running_pid() {
  local pid
  pid=$(cat "$STATE/run/$1.pid" 2>/dev/null) || return 1
  [[ $pid =~ ^[0-9]+$ ]] || return 1
  [ "$(started_at "$pid")" = "$(cat "$STATE/run/$1.started" 2>/dev/null)" ] || return 1
  echo "$pid"
}

# Starts a program in the background with its own session, pid file and log.
spawn() { # NAME COMMAND...
  local name=$1
  shift
  setsid "$@" >>"$(log_file "$name")" 2>&1 </dev/null 9>&- &
  remember_pid "$name" $!
  disown
}

# Asks a service to end and waits for it, at most SECONDS, then ends it by force.
end_service() { # NAME SECONDS [SIGNAL]
  local name=$1 limit=$2 signal=${3:-TERM} pid deadline
  pid=$(running_pid "$name") || return 0
  kill "-$signal" "$pid" 2>/dev/null || true
  deadline=$((SECONDS + limit))
  while running_pid "$name" >/dev/null; do
    if [ $SECONDS -ge $deadline ]; then
      say "$name" "did not end within $limit s; ending it by force"
      kill -KILL "$pid" 2>/dev/null || true
      sleep 0.2
    fi
    sleep 0.05
  done
  rm -f "$STATE/run/$name.pid" "$STATE/run/$name.started"
}

# The time each service gets to end: the data plane drains its streams first.
end_named_service() {
  case $1 in
    dataplane) end_service dataplane 90 ;;
    postgres) end_service postgres 60 INT ;;
    *) end_service "$1" 20 ;;
  esac
}

# Waits until COMMAND succeeds; a service that ends meanwhile, or takes too long, is a clear failure.
wait_for() { # NAME SECONDS WHAT COMMAND...
  local name=$1 limit=$2 what=$3 deadline
  shift 3
  deadline=$((SECONDS + limit))
  until "$@" >/dev/null 2>&1; do
    if ! running_pid "$name" >/dev/null; then
      show_log_tail "$name"
      die "$name ended before $what" "read the lines above (deploy/local/logs $name shows all), then start again"
    fi
    if [ $SECONDS -ge $deadline ]; then
      show_log_tail "$name"
      die "$name runs, but within $limit s there was no sign of this: $what" "read the lines above; deploy/local/stop, then start again"
    fi
    sleep 0.1
  done
}

answers() { curl -sf -o /dev/null --max-time 2 "$1"; }

# Writes stdin to a file; says (by its status) whether that changed it. 0600 from the start.
write_if_changed() {
  local file=$1 new
  new=$(mktemp "$file.XXXXXX")
  cat >"$new"
  if cmp -s "$new" "$file"; then
    rm -f "$new"
    return 1
  fi
  mv "$new" "$file"
}
