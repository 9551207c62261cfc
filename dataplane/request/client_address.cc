#include "dataplane/request/client_address.h"

namespace sluice::request {

namespace {

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t'))
    text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t'))
    text.remove_suffix(1);
  return text;
}

// Takes the last element off a comma-separated list.
std::string_view take_last(std::string_view& list) {
  const std::size_t comma = list.rfind(',');
  const std::string_view last = comma == std::string_view::npos ? list : list.substr(comma + 1);
  list = comma == std::string_view::npos ? std::string_view() : list.substr(0, comma);
  return trim(last);
}

}  // namespace

std::optional<Address> client_address(std::string_view peer, std::span<const http::Field> fields,
                                      std::span<const Network> trusted) {
  std::optional<Address> address = parse_address(peer);
  bool said = false;
  // Several fields of that name are one list, in their order.
  for (auto field = fields.rbegin(); field != fields.rend(); ++field) {
    if (!http::same_name(field->name, "x-forwarded-for")) continue;
    std::string_view list = field->value;
    while (!list.empty()) {
      if (!address || !contains(trusted, *address)) return address;
      address = parse_address(take_last(list));
      said = true;
    }
  }
  if (!said && address && contains(trusted, *address)) return std::nullopt;
  return address;
}

}  // namespace sluice::request
