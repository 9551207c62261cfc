// Values between rows and the admin API's messages. Pure; any thread.
#pragma once

#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/field_mask_util.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/resource/validate.h"
#include "controlplane/store/enums.h"
#include "controlplane/store/page.h"

namespace sluice::api {

// Of texts that people leave for people.
inline constexpr std::size_t kMaxNoteBytes = 2'000;

void set_time(google::protobuf::Timestamp* into, SystemTime at);
[[nodiscard]] SystemTime to_time(const google::protobuf::Timestamp& at);

// The etag is the revision, opaque to clients.
[[nodiscard]] std::string etag_of(std::int64_t revision);
// Empty: none given. kInvalidArgument for a text that was never an etag.
[[nodiscard]] Result<std::optional<std::int64_t>> revision_of(const std::string& etag);

// Empty text is `fallback`; an error names the field.
[[nodiscard]] Result<std::int64_t> parse_usd_field(std::string_view field, const std::string& text,
                                                   std::int64_t fallback);
[[nodiscard]] Result<std::int64_t> parse_multiplier_field(std::string_view field, const std::string& text,
                                                          std::int64_t fallback);
// A limit of money: empty for none, else above 0.
[[nodiscard]] Result<> parse_limit_field(std::string_view field, const std::string& text,
                                         std::optional<std::int64_t>& into);
[[nodiscard]] std::string limit_text(const std::optional<std::int64_t>& nano_usd);
[[nodiscard]] Result<> require(std::string_view field, const std::string& text);
struct NamedNumber {
  std::string_view field;
  std::int64_t value;
};
[[nodiscard]] Result<> require_not_negative(std::initializer_list<NamedNumber> numbers);

// Whether nodes would take the message as a resource, its size included. For the kinds of common/resource.
template <class Message>
[[nodiscard]] Result<> check_pushed(const Message& message) {
  const Result<Message> taken = resource::decode<Message>(message.SerializeAsString());
  if (!taken) return std::unexpected(taken.error());
  return {};
}

// A row that may have been deleted, which is the same as not being there.
template <class Row>
[[nodiscard]] Result<Row> live(Result<Row> row, std::string_view what) {
  if (row && row->status == store::Status::kDeleted) {
    return fail(ErrorCode::kNotFound, std::string("there is no such ") + std::string(what));
  }
  return row;
}

template <class Request>
[[nodiscard]] store::PageRequest page_of(const Request& request) {
  return {.size = request.page_size() <= 0 ? 50 : std::min(request.page_size(), 500), .cursor = request.page_token()};
}

// `mask`, or if it is empty the names of the fields that are set in `changes`.
[[nodiscard]] google::protobuf::FieldMask mask_or_set_fields(const google::protobuf::FieldMask& mask,
                                                             const google::protobuf::Message& changes);

// Brings the fields that `mask` names from `changes` into `into`; an empty mask means every field that is set. Lists
// and messages are replaced as a whole.
template <class Message>
[[nodiscard]] Result<> merge(const Message& changes, const google::protobuf::FieldMask& mask, Message& into) {
  using google::protobuf::util::FieldMaskUtil;
  const google::protobuf::FieldMask wanted = mask_or_set_fields(mask, changes);
  for (const std::string& path : wanted.paths()) {
    if (!FieldMaskUtil::IsValidPath<Message>(path)) {
      return fail(ErrorCode::kInvalidArgument, "update_mask: there is no field " + path);
    }
  }
  FieldMaskUtil::MergeOptions options;
  options.set_replace_message_fields(true);
  options.set_replace_repeated_fields(true);
  FieldMaskUtil::MergeMessageTo(changes, wanted, options, &into);
  return {};
}

}  // namespace sluice::api
