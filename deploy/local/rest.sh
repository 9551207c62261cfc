# Sourced by start: the admin API by curl and jq. Tokens go through files, never through arguments others can see.
# shellcheck shell=bash disable=SC2154

# Makes a token the one that `api` uses.
use_token() { # TOKEN-FILE
  (umask 077 && printf 'authorization: Bearer %s\n' "$(cat "$1")" >"$STATE/run/authorization")
}

# Prints the answer; a failure is final and says what the server said.
api() { # METHOD PATH [JSON]
  local answer status body
  answer=$(curl -sS --max-time 30 -X "$1" "$ADMIN_URL$2" -H @"$STATE/run/authorization" -H 'content-type: application/json' \
    ${3:+--data-binary @-} -w '\n%{http_code}' <<<"${3:-}" 2>&1) || { echo "FAILED        $1 $2: $answer" >&2; return 1; }
  status=${answer##*$'\n'}
  body=${answer%$'\n'*}
  if [[ $status != 2* ]]; then
    printf '%-13s %s\n' FAILED "$1 $2 was answered with $status: $body" >&2
    return 1
  fi
  printf '%s\n' "$body"
}

# Whether the token in the file is accepted.
token_works() {
  [ -s "$1" ] || return 1
  use_token "$1"
  [ "$(curl -s -o /dev/null -w '%{http_code}' --max-time 10 -H @"$STATE/run/authorization" "$ADMIN_URL/admin/v1/users?pageSize=1")" = 200 ]
}

# All objects of a collection as one JSON array, over all pages.
api_list() { # PATH FIELD
  local token='' page
  while :; do
    page=$(api GET "$1?pageSize=500${token:+&pageToken=$token}") || return 1
    jq -c --arg field "$2" '.[$field] // [] | .[]' <<<"$page"
    token=$(jq -r '.nextPageToken // "" | @uri' <<<"$page")
    [ -n "$token" ] || break
  done | jq -sc .
}

# The id of the first object of a list for which the jq condition holds; nothing if there is none.
id_where() { # LIST CONDITION
  jq -r "[.[] | select($2)][0].id // empty" <<<"$1"
}
