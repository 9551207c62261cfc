// Checks of single fields, shared by the kinds. Each names the field in its reason.
#pragma once

#include <google/protobuf/repeated_ptr_field.h>
#include <google/protobuf/timestamp.pb.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace sluice::resource {

// At most `max_bytes`, no control characters. Empty is fine.
[[nodiscard]] Result<> check_text(std::string_view field, std::string_view value, std::size_t max_bytes);
// As check_text, and not empty.
[[nodiscard]] Result<> check_required_text(std::string_view field, std::string_view value, std::size_t max_bytes);
// A UUID in the canonical lower-case form.
[[nodiscard]] Result<> check_uuid(std::string_view field, std::string_view value);
// Printable ASCII without spaces, so that it can go into a header field as it is. The value is never quoted.
[[nodiscard]] Result<> check_token(std::string_view field, std::string_view value, std::size_t max_bytes);
// Lower-case letters, digits and underscores.
[[nodiscard]] Result<> check_identifier(std::string_view field, std::string_view value);
// Between the years 1970 and 9999.
[[nodiscard]] Result<> check_time(std::string_view field, const google::protobuf::Timestamp& value);
[[nodiscard]] Result<> check_url(std::string_view field, std::string_view value);
// "host:port" in lower case, brackets around IPv6.
[[nodiscard]] Result<> check_host_and_port(std::string_view field, std::string_view value);

// At most `most` entries.
[[nodiscard]] Result<> check_count(std::string_view field, int count, int most);
[[nodiscard]] Result<> check_unique(std::string_view field,
                                    const google::protobuf::RepeatedPtrField<std::string>& values);
// At most `most` UUIDs, none twice.
[[nodiscard]] Result<> check_uuids(std::string_view field,
                                   const google::protobuf::RepeatedPtrField<std::string>& values, int most);

template <class Number>
[[nodiscard]] Result<> check_range(std::string_view field, Number value, Number low, Number high);

}  // namespace sluice::resource
