#include "dataplane/pick/load_memory.h"

#include <algorithm>
#include <bit>
#include <functional>

namespace sluice::pick {

namespace {

std::size_t hash_of(std::string_view id) {
  return std::hash<std::string_view>()(id);
}

}  // namespace

LoadMemory::LoadMemory(std::size_t places) : places_(std::bit_ceil(std::max<std::size_t>(places, 1))) {}

void LoadMemory::saw(std::string_view account_id, std::int32_t running, std::int32_t waiting, SteadyTime now) {
  if (running < 0) return;
  const std::size_t hash = hash_of(account_id);
  places_[place_of(hash)] = {hash, now, running, waiting};
}

void LoadMemory::change(std::string_view account_id, std::int32_t by, SteadyTime now) {
  const std::size_t hash = hash_of(account_id);
  Place& place = places_[place_of(hash)];
  if (known(place, hash, now)) place.running = std::max(place.running + by, 0);
}

bool LoadMemory::known(const Place& place, std::size_t hash, SteadyTime now) {
  return place.hash == hash && place.running >= 0 && now - place.seen <= kFresh;
}

KnownLoad LoadMemory::load(std::string_view account_id, SteadyTime now) const {
  const std::size_t hash = hash_of(account_id);
  const Place& place = places_[place_of(hash)];
  if (!known(place, hash, now)) return {};
  return {place.running, place.waiting};
}

bool is_full(const KnownLoad& load, std::uint32_t limit) {
  return limit != 0 && (load.running >= static_cast<std::int64_t>(limit) || load.waiting > 0);
}

}  // namespace sluice::pick
