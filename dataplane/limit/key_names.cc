#include "dataplane/limit/key_names.h"

namespace sluice::limit {

KeyNames::KeyNames(std::string_view prefix)
    : tagged_(std::string(prefix) + "{f}:"),
      waiting_(tagged_ + "waiting"),
      used_(tagged_ + "used"),
      epoch_(tagged_ + "epoch"),
      health_(tagged_ + "health"),
      wake_prefix_(std::string(prefix) + "wake:"),
      health_channel_(std::string(prefix) + "health") {}

std::string KeyNames::with(std::string_view kind, std::string_view id, std::string_view end) const {
  std::string name;
  name.reserve(tagged_.size() + kind.size() + id.size() + end.size());
  return name.append(tagged_).append(kind).append(id).append(end);
}

}  // namespace sluice::limit
