// All state of one request, on one worker. Destroying it releases whatever it still holds.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/uuid.h"
#include "common/http/client_pool.h"
#include "common/http/server_connection.h"
#include "dataplane/limit/slots.h"
#include "dataplane/pick/candidates.h"
#include "dataplane/protocol/protocol.h"
#include "dataplane/provider/provider.h"
#include "dataplane/request/services.h"
#include "sluice/usage/v1/usage.pb.h"

namespace sluice::request {

// A step either goes on or ends the request with an error that the client is told in its own protocol.
using Step = std::expected<void, protocol::ApiError>;

enum class Endpoint : std::uint8_t { kMessages, kCountTokens, kModels };

// Who asks. The pointers live as long as the exchange's snapshot.
struct Caller {
  const snapshot::KeyEntry* key = nullptr;
  const snapshot::UserEntry* user = nullptr;
  const snapshot::GroupEntry* group = nullptr;
};

struct Exchange {
  Exchange(Services& services_, http::ServerConnection& client_);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange();

  Services& services;
  http::ServerConnection& client;
  // One config for the whole request: it never sees two versions.
  std::shared_ptr<const snapshot::Snapshot> snapshot;

  SystemTime arrived;
  SteadyTime deadline;  // of the whole request
  Uuid id;
  std::string id_text;

  Endpoint endpoint = Endpoint::kMessages;
  std::string_view allowed_method;  // set when the path is known and the method is not
  const protocol::Protocol* protocol;
  Caller caller;
  std::string body;
  protocol::Call call;

  const snapshot::PriceEntry* price = nullptr;
  limit::Lease slot;
  pick::Candidate candidate;
  const provider::Provider* provider = nullptr;

  // What the journal holds of this request; engaged from INTENT on, billed exactly once.
  std::unique_ptr<sluice::usage::v1::UsageEvent> event;
  bool settled = false;
  SteadyTime next_progress{};

  http::ClientCancel upstream_cancel;
  bool client_gone = false;
  bool ended_by_gateway = false;
};

}  // namespace sluice::request
