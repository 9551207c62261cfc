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
#include "dataplane/limit/permit.h"
#include "dataplane/pick/candidates.h"
#include "dataplane/pick/decision.h"
#include "dataplane/protocol/protocol.h"
#include "dataplane/provider/provider.h"
#include "dataplane/request/client_answer.h"
#include "dataplane/request/overload.h"
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
  // One config for the whole request. Only where an upstream refused a credential and a newer one has arrived, the
  // request goes on with that snapshot; `earlier` then keeps alive what points into the first one.
  std::shared_ptr<const snapshot::Snapshot> snapshot;
  std::shared_ptr<const snapshot::Snapshot> earlier;

  SystemTime arrived;
  SteadyTime started;
  SteadyTime deadline;         // of the whole request
  SteadyTime commit_deadline;  // of its first content
  Uuid id;
  std::string id_text;

  Endpoint endpoint = Endpoint::kMessages;
  std::string_view allowed_method;  // set when the path is known and the method is not
  const protocol::Protocol* protocol;
  Caller caller;
  Overload::Taken taken;
  Overload::Room body_room;
  std::string body;
  protocol::Call call;
  ClientAnswer answer;
  std::unique_ptr<pick::Decision> decision;  // there from the reading of the call on

  const snapshot::PriceEntry* price = nullptr;
  std::uint64_t multiplier_ppm = 0;
  std::string alias;  // of the group, as the client named it; call.model is what it stands for. Empty: none
  limit::Permit permit;

  // The upstream call under way.
  pick::Candidate candidate;
  std::string_view chosen_by;  // a literal
  const provider::Provider* provider = nullptr;
  std::string upstream_model;  // empty: as the client named it
  SteadyTime attempt_started{};
  unsigned attempts = 0;
  std::vector<std::string_view> tried;  // ids of accounts
  std::string_view refused_by;          // the limit that refused the request, a literal
  struct RefusedCredential {
    std::string account_id;
    std::uint64_t revision = 0;
  };
  std::optional<RefusedCredential> refused_credential;

  // What the journal holds of this request; engaged from INTENT on, billed exactly once.
  std::unique_ptr<sluice::usage::v1::UsageEvent> event;
  bool settled = false;
  SteadyTime next_progress{};

  http::ClientCancel upstream_cancel;
  unsigned upstream_status = 0;  // of the attempt under way; 0: no answer yet
  unsigned answer_status = 0;    // what the client was told
  bool client_gone = false;
  bool ended_by_gateway = false;

  // The client left, or its connection broke. What the request waits for ends, unless the answer is drained.
  void on_client_gone();
  // The drain limit has passed.
  void on_gateway_end();

  // The first content is about to go out: no other account is tried any more, and the request's body is not needed.
  [[nodiscard]] io::Task<> commit();
  // By the group's policy the answer is read to its end for billing although the client left.
  [[nodiscard]] bool drains_when_client_leaves() const;
  // Of the attempt under way.
  [[nodiscard]] SteadyTime first_content_deadline() const;
  [[nodiscard]] std::chrono::milliseconds keepalive_period() const;
};

}  // namespace sluice::request
