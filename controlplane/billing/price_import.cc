#include "controlplane/billing/price_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "common/base/uuid.h"
#include "common/crypto/digest.h"
#include "common/resource/limits.h"

namespace sluice::billing {

namespace {

Result<std::int64_t> marked_up(std::int64_t amount, std::int64_t ppm) {
  const __int128 exact = static_cast<__int128>(amount) * ppm;
  const __int128 rounded = (exact + 500'000) / 1'000'000;
  if (rounded > resource::kMaxPrice) return fail(ErrorCode::kInvalidArgument, "the marked-up price is beyond belief");
  return static_cast<std::int64_t>(rounded);
}

Result<store::TokenRates> marked_up(const store::TokenRates& rates, std::int64_t ppm) {
  store::TokenRates out;
  for (const auto member : {&store::TokenRates::input, &store::TokenRates::output, &store::TokenRates::cache_read,
                            &store::TokenRates::cache_write_5m, &store::TokenRates::cache_write_1h}) {
    const auto amount = marked_up(rates.*member, ppm);
    if (!amount) return std::unexpected(amount.error());
    out.*member = *amount;
  }
  return out;
}

Result<store::Price> wanted_price(const MappedPrice& mapped, const PriceImport& import) {
  store::Price out;
  out.model = mapped.model;
  out.display_name = mapped.model;
  out.provider = mapped.provider;
  out.effective_at = import.effective_at;
  const auto rates = marked_up(mapped.price.rates, import.markup_ppm);
  if (!rates) return std::unexpected(rates.error());
  out.input = rates->input;
  out.output = rates->output;
  out.cache_read = rates->cache_read;
  out.cache_write_5m = rates->cache_write_5m;
  out.cache_write_1h = rates->cache_write_1h;
  const auto per_request = marked_up(mapped.price.per_request, import.markup_ppm);
  if (!per_request) return std::unexpected(per_request.error());
  out.per_request = *per_request;
  for (const store::PriceTier& tier : mapped.price.tiers) {
    const auto of_tier = marked_up(tier.rates, import.markup_ppm);
    if (!of_tier) return std::unexpected(of_tier.error());
    out.tiers.push_back({tier.above_tokens, *of_tier});
  }
  out.purchase = mapped.price;
  return out;
}

bool same_amounts(const store::Price& a, const store::Price& b) {
  return a.input == b.input && a.output == b.output && a.cache_read == b.cache_read &&
         a.cache_write_5m == b.cache_write_5m && a.cache_write_1h == b.cache_write_1h &&
         a.per_request == b.per_request && a.tiers == b.tiers && a.purchase == b.purchase;
}

std::string words_of(const PriceChange& change) {
  const store::Price& p = change.after;
  return fmt::format("{} {} {} | {} {} {} {} {} {} | {} | {}\n", p.model,
                     change.before ? change.before->id : std::string(), change.before ? change.before->revision : 0,
                     p.input, p.output, p.cache_read, p.cache_write_5m, p.cache_write_1h, p.per_request,
                     store::tiers_json(p.tiers), store::purchase_json(p.purchase).value_or(""));
}

Result<std::optional<store::Price>> price_before(db::Transaction& tx, const std::string& model, SystemTime at) {
  auto found = store::effective_price(tx, model, at);
  if (found) return std::optional(std::move(*found));
  if (found.error().code == ErrorCode::kNotFound) return std::nullopt;
  return std::unexpected(found.error());
}

}  // namespace

Result<PriceDiff> diff_prices(db::Transaction& tx, const PriceImport& import) {
  auto map = read_price_map(import.map_json, import.providers);
  if (!map) return std::unexpected(map.error());
  PriceDiff diff{.skipped = std::move(map->skipped), .others = map->others};
  std::string words;
  for (const MappedPrice& mapped : map->prices) {
    if (!import.models.empty() && std::ranges::find(import.models, mapped.model) == import.models.end()) continue;
    auto wanted = wanted_price(mapped, import);
    if (!wanted) {
      diff.skipped.push_back({mapped.model, wanted.error().message});
      continue;
    }
    auto before = price_before(tx, mapped.model, import.effective_at);
    if (!before) return std::unexpected(before.error());
    if (!*before && import.only_known) continue;
    if (*before) {
      if (same_amounts(**before, *wanted)) {
        ++diff.unchanged;
        continue;
      }
      wanted->display_name = (*before)->display_name;
      wanted->provider = (*before)->provider;
    }
    diff.changes.push_back({.before = std::move(*before), .after = std::move(*wanted)});
    words += words_of(diff.changes.back());
  }
  std::ranges::sort(diff.skipped, {}, &SkippedPrice::model);
  diff.digest = crypto::token_hash(words);
  return diff;
}

Result<> apply_prices(db::Transaction& tx, PriceDiff& diff, SystemTime now) {
  for (PriceChange& change : diff.changes) {
    Result<store::Price> stored = fail(ErrorCode::kInternal, "");
    if (change.before && change.before->effective_at == change.after.effective_at) {
      change.after.id = change.before->id;
      change.after.revision = change.before->revision;
      stored = store::update_price(tx, change.after);
    } else {
      change.after.id = Uuid::generate(now).to_string();
      stored = store::insert_price(tx, change.after);
    }
    if (!stored) return std::unexpected(stored.error());
    change.after = std::move(*stored);
  }
  return {};
}

}  // namespace sluice::billing
