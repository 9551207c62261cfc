// Calls of the admin API over gRPC with JSON on this side: field names as in the proto, 64-bit numbers as strings,
// every field there. One thread; blocks.
#pragma once

#include <google/protobuf/descriptor.h>
#include <grpcpp/channel.h>

#include <boost/json/object.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "controlplane/api/schema.h"
#include "controlplane/sluicectl/profile.h"

namespace sluice::sluicectl {

struct CallOptions {
  // Of the whole call.
  std::chrono::milliseconds limit = std::chrono::seconds(30);
  // The server does all it would do, and then nothing of it stays.
  bool dry_run = false;
};

// How a refusal because of a stale etag begins.
inline constexpr std::string_view kChangedMeanwhile = "changed meanwhile";

class Client {
 public:
  // kInvalidArgument for a bad endpoint or CA file. Does not connect yet. `schema` outlives it.
  [[nodiscard]] static Result<Client> open(const api::Schema& schema, const Profile& profile);

  // kUnavailable if nobody is there in that time.
  [[nodiscard]] Result<> reach(std::chrono::milliseconds limit) const;
  // `method` is a name without its service: "ListGroups". kNotFound if this build does not know it.
  [[nodiscard]] Result<boost::json::object> call(std::string_view method, const boost::json::object& request,
                                                 CallOptions options = {}) const;
  // For every message of the answer; false ends the call.
  [[nodiscard]] Result<> stream(std::string_view method, const boost::json::object& request,
                                const std::function<bool(boost::json::object)>& on_message,
                                CallOptions options = {}) const;
  // All rows of a list, or the first `most`, over all pages.
  [[nodiscard]] Result<std::vector<boost::json::object>> list(std::string_view method, boost::json::object request = {},
                                                              std::size_t most = SIZE_MAX) const;

  [[nodiscard]] const api::Schema& schema() const { return *schema_; }

 private:
  Client(const api::Schema& schema, const Profile& profile, std::shared_ptr<grpc::Channel> channel)
      : schema_(&schema), profile_(profile), channel_(std::move(channel)) {}

  const api::Schema* schema_;
  Profile profile_;
  std::shared_ptr<grpc::Channel> channel_;
};

// The repeated field of a List method's answer; nullptr if it has none.
[[nodiscard]] const google::protobuf::FieldDescriptor* rows_field(const google::protobuf::MethodDescriptor& method);
// The same without a server: JSON of the message, through its binary form.
[[nodiscard]] Result<boost::json::object> normalize(const api::Schema& schema,
                                                    const google::protobuf::Descriptor& message,
                                                    const boost::json::object& object);

}  // namespace sluice::sluicectl
