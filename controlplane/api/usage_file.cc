#include "controlplane/api/usage_file.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>

#include "controlplane/api/usage_messages.h"
#include "controlplane/billing/statement.h"

namespace sluice::api {

namespace {

namespace v1 = admin::v1;

constexpr std::string_view kHeader =
    "event_id,started_at,ended_at,user_id,api_key_id,group_id,account_id,protocol,requested_model,served_model,"
    "upstream_model,streaming,outcome,usage_state,input_tokens,output_tokens,cache_read_tokens,cache_write_5m_tokens,"
    "cache_write_1h_tokens,multiplier,cost_usd,purchase_usd,upstream_status,first_byte_us,wait_us,attempts,node_id\r\n";

// Names that come from outside are defused; ids, times, numbers and enums are our own words.
void add_csv(const v1::UsageEvent& event, std::string& out) {
  using google::protobuf::util::TimeUtil;
  const auto& tokens = event.tokens();
  fmt::format_to(
      std::back_inserter(out), "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\r\n",
      event.event_id(), TimeUtil::ToString(event.started_at()), TimeUtil::ToString(event.ended_at()), event.user_id(),
      event.api_key_id(), event.group_id(), event.account_id(), billing::csv_cell(event.protocol()),
      billing::csv_cell(event.requested_model()), billing::csv_cell(event.served_model()),
      billing::csv_cell(event.upstream_model()), event.streaming(), sluice::usage::v1::Outcome_Name(event.outcome()),
      sluice::usage::v1::UsageState_Name(event.usage_state()), tokens.input(), tokens.output(), tokens.cache_read(),
      tokens.cache_write_5m(), tokens.cache_write_1h(), event.multiplier(), event.cost_usd(), event.purchase_usd(),
      event.upstream_status(), event.first_byte_us(), event.wait_us(), event.attempts(),
      billing::csv_cell(event.node_id()));
}

}  // namespace

void hide_operation(v1::UsageEvent& event) {
  event.clear_account_id();
  event.clear_node_id();
  event.clear_upstream_request_id();
  event.clear_upstream_model();
  event.clear_attempts();
  event.clear_purchase_usd();
}

Result<std::string> usage_file(const std::vector<usage::Event>& rows, v1::UsageExportFormat format, bool whole,
                               bool first) {
  const bool csv = format != v1::USAGE_EXPORT_FORMAT_NDJSON;
  std::string out(csv && first ? kHeader : std::string_view());
  for (const usage::Event& row : rows) {
    v1::UsageEvent event;
    to_message(row, event);
    event.clear_raw_usage();
    if (!whole) hide_operation(event);
    if (csv) {
      add_csv(event, out);
      continue;
    }
    google::protobuf::util::JsonPrintOptions options;
    options.always_print_primitive_fields = true;
    std::string line;
    if (!google::protobuf::util::MessageToJsonString(event, &line, options).ok()) {
      return fail(ErrorCode::kInternal, "a usage event is no JSON");
    }
    out += line + '\n';
  }
  return out;
}

}  // namespace sluice::api
