# Sourced by start: what a first request needs, made through the admin API. Everything is looked for before it is made.
# shellcheck shell=bash disable=SC2154

ADMIN_EMAIL=admin@sluice.local
DEMO_EMAIL=demo@sluice.local

ensure_user() { # EMAIL JSON: sets user_id
  user_id=$(id_where "$users" ".email == \"$1\"")
  [ -z "$user_id" ] || return 0
  say seed "creating user $1"
  user_id=$(api POST /admin/v1/users "$2" | jq -er .user.id)
}

ensure_admin() {
  local file=$STATE/secrets/admin_token answer
  if ! token_works "$file"; then
    token_works "$STATE/secrets/bootstrap_token" ||
      die "neither the admin token nor the bootstrap token is accepted by $ADMIN_URL" "see deploy/local/logs controlplane"
    users=$(api_list /admin/v1/users users)
    ensure_user $ADMIN_EMAIL "{\"user\": {\"email\": \"$ADMIN_EMAIL\", \"displayName\": \"Local administrator\", \"role\": \"USER_ROLE_ADMIN\"}}"
    say seed "creating an admin token, kept in $file"
    answer=$(api POST /admin/v1/admin-tokens "{\"adminToken\": {\"userId\": \"$user_id\", \"name\": \"local start\"}}")
    (umask 077 && jq -er .secret <<<"$answer" >"$file.new" && mv "$file.new" "$file")
    use_token "$file"
  fi
  ADMIN_TOKEN=$(cat "$file")
}

ensure_group() { # sets group_id
  group_id=$(id_where "$(api_list /admin/v1/groups groups)" '.name == "demo"')
  [ -z "$group_id" ] || return 0
  say seed "creating group demo"
  group_id=$(api POST /admin/v1/groups '{"group": {"name": "demo", "multiplier": "1"}}' | jq -er .group.id)
}

credential_json() { # KEY-FILE
  jq -nc --rawfile key "$1" '{kind: "ACCOUNT_CREDENTIAL_KIND_API_KEY", secret: ($key | gsub("^\\s+|\\s+$"; ""))}'
}

# The demo account points at the fake unless --upstream names a vendor; a vendor stays until --upstream names another.
ensure_account() {
  local url=${UPSTREAM:-$FAKE_URL} key_file=${UPSTREAM_KEY_FILE:-$STATE/secrets/fake_upstream_key} accounts account id request
  accounts=$(api_list /admin/v1/accounts accounts)
  id=$(id_where "$accounts" '.name == "demo"')
  if [ -z "$id" ]; then
    say seed "creating account demo for $url"
    request=$(jq -nc --arg url "$url" --arg group "$group_id" --slurpfile credential <(credential_json "$key_file") '{account: {name: "demo",
      provider: "anthropic", baseUrl: $url, groupIds: [$group]}, credential: $credential[0]}')
    api POST /admin/v1/accounts "$request" >/dev/null
  else
    account=$(jq -c ".[] | select(.id == \"$id\")" <<<"$accounts")
    if [ -z "$UPSTREAM" ]; then
      [ ! -e "$STATE/config/upstream" ] || return 0
      [ "$(jq -r '.baseUrl == $url and .hasCredential' --arg url "$url" <<<"$account")" != true ] || return 0
    fi
    say seed "pointing account demo at $url"
    api PATCH "/admin/v1/accounts/$id?updateMask=baseUrl" "$(jq -nc --arg baseUrl "$url" '{$baseUrl}')" >/dev/null
    api PUT "/admin/v1/accounts/$id/credential" "$(credential_json "$key_file")" >/dev/null
  fi
  if [ "$url" != "$FAKE_URL" ]; then
    echo "$url" >"$STATE/config/upstream"
  else
    rm -f "$STATE/config/upstream"
  fi
}

price_list() { # MODEL NAME INPUT OUTPUT CACHE_READ CACHE_5M CACHE_1H in USD per million tokens
  cat <<'EOF'
claude-opus-5-5|Claude Opus 5.5|5|25|0.5|6.25|10
claude-opus-4-5|Claude Opus 4.5|5|25|0.5|6.25|10
claude-sonnet-4-5|Claude Sonnet 4.5|3|15|0.3|3.75|6
claude-haiku-4-5|Claude Haiku 4.5|1|5|0.1|1.25|2
EOF
  local name
  for name in model 400 401 403 404 429 429-reset 500 502 529 slow-headers slow-tokens stall cut-before-headers \
    cut-after-preamble cut-mid-content cut-mid-event garbage error-event gzip huge-event no-usage thinking tool citations; do
    echo "fake-$name|Fake: $name|3|15|0.3|3.75|6"
  done
}

ensure_prices() {
  local known made=0 model name input output read w5 w1
  known=$(api_list /admin/v1/prices prices | jq -r '.[].model')
  while IFS='|' read -r model name input output read w5 w1; do
    grep -qxF -- "$model" <<<"$known" && continue
    api POST /admin/v1/prices "$(jq -nc --args '$ARGS.positional as [$m, $n, $i, $o, $r, $a, $b] | {price: {model: $m, displayName: $n,
      provider: "anthropic", effectiveAt: "2025-01-01T00:00:00Z", input: $i, output: $o, cacheRead: $r, cacheWrite5m: $a,
      cacheWrite1h: $b, perRequest: "0"}}' "$model" "$name" "$input" "$output" "$read" "$w5" "$w1")" >/dev/null
    made=$((made + 1))
  done < <(price_list)
  [ $made -eq 0 ] || say seed "created the prices of $made models"
}

ensure_balance() {
  # The external id makes the deposit happen once, however often this runs.
  api POST "/admin/v1/users/$user_id/adjustments" \
    '{"amountUsd": "100000", "externalId": "local-start-deposit", "reason": "deposit of deploy/local/start"}' >/dev/null
}

ensure_api_key() {
  local file=$STATE/secrets/api_key keys answer id
  keys=$(api_list /admin/v1/api-keys apiKeys)
  id=$(id_where "$keys" ".userId == \"$user_id\" and .name == \"demo\"")
  if [ -z "$id" ] || [ ! -s "$file" ]; then
    say seed "creating an API key, kept in $file"
    answer=$(api POST /admin/v1/api-keys "{\"apiKey\": {\"userId\": \"$user_id\", \"groupId\": \"$group_id\", \"name\": \"demo\"}}")
    (umask 077 && jq -er .secret <<<"$answer" >"$file.new" && mv "$file.new" "$file")
  fi
  GATEWAY_KEY=$(cat "$file")
}

seed() {
  ensure_admin
  users=$(api_list /admin/v1/users users)
  ensure_user $DEMO_EMAIL "{\"user\": {\"email\": \"$DEMO_EMAIL\", \"displayName\": \"Demo\", \"multiplier\": \"1\", \"concurrency\": 20000}}"
  ensure_group
  ensure_account
  ensure_prices
  ensure_balance
  ensure_api_key
}

key_is_known() {
  [ "$(curl -s -o /dev/null -w '%{http_code}' --max-time 5 -H "x-api-key: $GATEWAY_KEY" -H 'anthropic-version: 2023-06-01' \
    "$GATEWAY_URL/v1/models")" = 200 ]
}
