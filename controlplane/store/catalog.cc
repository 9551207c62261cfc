#include "controlplane/store/catalog.h"

#include "controlplane/store/row_access.h"

namespace sluice::store {

Result<std::vector<UsableGroup>> usable_groups(db::Transaction& tx, std::string_view user_id, SystemTime at) {
  const auto rows = tx.exec(
      "SELECT g.id, coalesce(x.multiplier_ppm, g.multiplier_ppm) AS multiplier_ppm, "
      "coalesce(s.id::text, '') AS subscription_id, s.expires_at FROM groups g "
      "LEFT JOIN group_grants x ON x.group_id = g.id AND x.user_id = $1 "
      "LEFT JOIN subscriptions s ON s.group_id = g.id AND s.user_id = $1 AND s.status = 'active' "
      "AND s.starts_at <= $2 AND s.expires_at > $2 "
      "WHERE g.status = 'active' AND (NOT g.exclusive OR x.id IS NOT NULL OR s.id IS NOT NULL) ORDER BY g.name, g.id",
      user_id, at);
  if (!rows) return std::unexpected(rows.error());
  std::vector<UsableGroup> out;
  for (const db::Row row : *rows) {
    auto group = get_group(tx, row.get<std::string>("id"));
    if (!group) return std::unexpected(group.error());
    out.push_back({.group = std::move(*group),
                   .multiplier_ppm = row.get<std::int64_t>("multiplier_ppm"),
                   .subscription_id = row.get<std::string>("subscription_id"),
                   .subscription_expires_at = row.get<std::optional<SystemTime>>("expires_at")});
  }
  return out;
}

Result<std::vector<Price>> served_models(db::Transaction& tx, const Group& group, SystemTime at) {
  const auto rows = tx.exec(
      "WITH in_force AS (SELECT DISTINCT ON (model) id, model, provider FROM prices "
      "WHERE effective_at <= $2 AND status <> 'deleted' ORDER BY model, effective_at DESC, id DESC) "
      "SELECT p.id FROM in_force p LEFT JOIN LATERAL (SELECT route FROM jsonb_array_elements($3::jsonb) "
      "WITH ORDINALITY AS routes (route, n) WHERE p.model = route ->> 'model' OR (route ->> 'model' LIKE '%*' "
      "AND starts_with(p.model, left(route ->> 'model', -1))) ORDER BY n LIMIT 1) r ON true "
      "WHERE EXISTS (SELECT FROM account_groups l JOIN accounts a ON a.id = l.account_id WHERE l.group_id = $1 "
      "AND a.status = 'active' AND a.provider = p.provider AND (r.route IS NULL OR r.route -> 'account_ids' ? "
      "a.id::text) "
      "AND ((a.models = '{}' AND a.model_mapping = '{}') OR p.model = ANY(a.models) OR a.model_mapping ? p.model)) "
      "ORDER BY p.model",
      group.id, at, to_json(group.model_routes));
  if (!rows) return std::unexpected(rows.error());
  std::vector<Price> out;
  for (const db::Row row : *rows) {
    auto price = get_price(tx, row.get<std::string>("id"));
    if (!price) return std::unexpected(price.error());
    out.push_back(std::move(*price));
  }
  return out;
}

}  // namespace sluice::store
