#include "controlplane/api/idempotency.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>

#include "common/base/uuid.h"
#include "common/crypto/digest.h"
#include "controlplane/store/idempotency_keys.h"

namespace sluice::api {

namespace {

constexpr std::size_t kMaxKey = 255;

std::string digest_of(const AccessRule& rule, const google::protobuf::Message& request) {
  std::string bytes = rule.method + '\n';
  {
    google::protobuf::io::StringOutputStream stream(&bytes);  // appends
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    request.SerializeToCodedStream(&coded);
  }
  const crypto::Sha256 hash = crypto::sha256(bytes);
  return {hash.begin(), hash.end()};
}

std::string context_of(const std::string& id) {
  return "idempotency_keys|" + id + "|sealed";
}

}  // namespace

Result<> IdempotentCall::check(const std::string& key, const AccessRule& rule) {
  if (key.empty()) return {};
  if (key.size() > kMaxKey || !std::ranges::all_of(key, [](char c) { return c > 0x20 && c < 0x7f; })) {
    return fail(ErrorCode::kInvalidArgument, "idempotency-key: 1 to 255 printable characters without blanks");
  }
  if (rule.safe || rule.open || rule.outside) {
    return fail(ErrorCode::kInvalidArgument, "idempotency-key: " + rule.method + " takes none");
  }
  return {};
}

Result<bool> IdempotentCall::begin(db::Transaction& tx, const std::string& actor, const std::string& key,
                                   const AccessRule& rule, const google::protobuf::Message& request,
                                   google::protobuf::Message& response) {
  const SystemTime now = clock_.now();
  const store::IdempotencyKey wanted{
      .id = Uuid::generate(now).to_string(), .actor = actor, .key = key, .request_sha256 = digest_of(rule, request)};
  id_ = wanted.id;
  const auto found = store::take_idempotency_key(tx, wanted, now);
  if (!found) return std::unexpected(found.error());
  if (!*found) return false;
  if ((*found)->request_sha256 != wanted.request_sha256) {
    return fail(ErrorCode::kInvalidArgument, "idempotency-key: was used for another request: choose a new one");
  }
  const auto opened = vault_.open(context_of((*found)->id), (*found)->sealed);
  if (!opened) return std::unexpected(opened.error());
  if (!response.ParseFromString(std::string(opened->reveal()))) {
    return fail(ErrorCode::kDataLoss, "the answer remembered for this idempotency key cannot be read");
  }
  return true;
}

Result<> IdempotentCall::end(db::Transaction& tx, const google::protobuf::Message& response) {
  const Secret answer(response.SerializeAsString());
  return store::keep_idempotent_answer(tx, id_, vault_.seal(context_of(id_), answer), vault_.newest_version());
}

}  // namespace sluice::api
