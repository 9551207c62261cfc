# Sourced by tests/e2e/run: the acceptance scenarios of the Anthropic clients and Claude Code against the running
# gateway, whose demo account is pointed at the scenarios' own mock upstream.
clients=$cache/clients
if [ ! -f "$clients/.complete" ]; then
  echo "installing the clients of the acceptance scenarios (1.6 GB, once)"
  bash "$acceptance/install_clients.sh" "$clients" && touch "$clients/.complete" ||
    { echo "FAIL  acceptance: the clients cannot be installed"; failed=$((failed + 1)); }
fi
export CLIENTS_DIR=$clients
MOCK_PORT=0 "$node" "$acceptance/mock_upstream.mjs" >"$SLUICE_STATE/mock.out" 2>&1 &
mock=$!
until grep -q '"port"' "$SLUICE_STATE/mock.out" || ! kill -0 $mock 2>/dev/null; do sleep 0.1; done
MOCK_URL=http://127.0.0.1:$(head -n 1 "$SLUICE_STATE/mock.out" | jq -r .port)
export MOCK_URL
printf 'mock-upstream-credential' >"$SLUICE_STATE/mock.key"
# The gateway promises a sign of life every so many seconds; a short time makes the scenarios of silence quick.
export GATEWAY_KEEPALIVE_S=4
if deploy/local/start --no-build --upstream "$MOCK_URL" --upstream-key-file "$SLUICE_STATE/mock.key" >"$SLUICE_STATE/start-mock.out" 2>&1 &&
  "$node" tests/e2e/acceptance_setup.mjs "$SLUICE_STATE/broke.key"; then
  GATEWAY_BROKE_KEY=$(cat "$SLUICE_STATE/broke.key")
  export GATEWAY_BROKE_KEY
  # All of A and C are Anthropic clients, Claude Code and the raw requests such clients make.
  suite acceptance "$node" "$acceptance/run.mjs" --all --only A,C
  suite acceptance_books "$node" tests/e2e/acceptance_books.mjs
  echo "left out: F (several upstream accounts) and the scenarios of other protocols (B, G, M, O, P, V, X)"
else
  cat "$SLUICE_STATE/start-mock.out"
  echo "FAIL  acceptance: the gateway could not be set up for the scenarios"
  failed=$((failed + 1))
fi
