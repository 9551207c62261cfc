#include "dataplane/provider/registry.h"

#include "dataplane/provider/anthropic/anthropic.h"

namespace sluice::provider {

namespace {

const std::vector<const Provider*>& all() {
  static const anthropic::Anthropic anthropic;
  static const std::vector<const Provider*> providers{&anthropic};
  return providers;
}

}  // namespace

const Provider* find(std::string_view name) {
  for (const Provider* provider : all()) {
    if (provider->name() == name) return provider;
  }
  return nullptr;
}

std::vector<std::string> features() {
  std::vector<std::string> names;
  for (const Provider* provider : all())
    names.push_back("provider:" + std::string(provider->name()));
  return names;
}

}  // namespace sluice::provider
