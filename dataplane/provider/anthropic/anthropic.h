// Anthropic's API (api.anthropic.com or a compatible server): Messages, token counting.
#pragma once

#include "dataplane/provider/provider.h"

namespace sluice::provider::anthropic {

class Anthropic final : public Provider {
 public:
  [[nodiscard]] std::string_view name() const override { return "anthropic"; }
  [[nodiscard]] Result<> build(const http::RequestHead& head, const snapshot::AccountEntry& account,
                               const snapshot::CredentialEntry& credential, UpstreamRequest& into) const override;
  [[nodiscard]] LimitSignal read_limits(const http::ResponseHead& head, std::string_view body,
                                        SystemTime now) const override;
  [[nodiscard]] bool forwards_to_client(std::string_view field) const override;
};

}  // namespace sluice::provider::anthropic
