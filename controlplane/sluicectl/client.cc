#include "controlplane/sluicectl/client.h"

#include <fmt/core.h>
#include <google/protobuf/util/json_util.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <iterator>

#include "controlplane/sluicectl/kinds.h"

namespace sluice::sluicectl {

namespace json = boost::json;
namespace util = google::protobuf::util;
using google::protobuf::Descriptor;
using google::protobuf::MethodDescriptor;

namespace {

constexpr int kPageSize = 500;

Result<std::string> to_binary(const api::Schema& schema, const Descriptor& message, const json::object& object) {
  std::string binary;
  const auto status =
      util::JsonToBinaryString(&schema.types(), api::Schema::type_url(message), json::serialize(object), &binary);
  if (!status.ok()) {
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("{}: {}", message.name(), std::string_view(status.message().data(), status.message().size())));
  }
  return binary;
}

Result<json::object> to_json(const api::Schema& schema, const Descriptor& message, const std::string& binary) {
  util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string text;
  const auto status = util::BinaryToJsonString(&schema.types(), api::Schema::type_url(message), binary, &text, options);
  json::error_code error;
  json::value value = status.ok() ? json::parse(text, error) : json::value();
  if (!status.ok() || error || !value.is_object()) {
    return fail(ErrorCode::kDataLoss, message.name() + ": the answer is no message that this program knows");
  }
  return std::move(value.as_object());
}

grpc::ByteBuffer to_buffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

std::string to_string(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string out;
  if (!buffer.Dump(&slices).ok()) return out;
  for (const grpc::Slice& slice : slices)
    out.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return out;
}

Error to_error(const grpc::Status& status, const std::string& endpoint) {
  const std::string& message = status.error_message();
  switch (status.error_code()) {
    case grpc::StatusCode::INVALID_ARGUMENT:
      return {ErrorCode::kInvalidArgument, message};
    case grpc::StatusCode::NOT_FOUND:
      return {ErrorCode::kNotFound, message};
    case grpc::StatusCode::ALREADY_EXISTS:
      return {ErrorCode::kAlreadyExists, message};
    case grpc::StatusCode::UNAUTHENTICATED:
      return {ErrorCode::kUnauthenticated, message + " (run sluicectl login)"};
    case grpc::StatusCode::PERMISSION_DENIED:
      return {ErrorCode::kPermissionDenied, message};
    case grpc::StatusCode::ABORTED:
      return {ErrorCode::kFailedPrecondition, fmt::format("{}: {}", kChangedMeanwhile, message)};
    case grpc::StatusCode::FAILED_PRECONDITION:
      return {ErrorCode::kFailedPrecondition, message};
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return {ErrorCode::kResourceExhausted, message};
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return {ErrorCode::kDeadlineExceeded, endpoint + ": no answer in time"};
    case grpc::StatusCode::UNAVAILABLE:
      return {ErrorCode::kUnavailable, fmt::format("{}: {}", endpoint, message)};
    case grpc::StatusCode::UNIMPLEMENTED:
      return {ErrorCode::kNotFound, endpoint + ": the server does not know this call; is it an older build?"};
    default:
      return {ErrorCode::kInternal, fmt::format("{}: {}", endpoint, message)};
  }
}

Result<std::shared_ptr<grpc::ChannelCredentials>> credentials_for(const Profile& profile) {
  if (is_local(profile.endpoint)) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions options;
  if (!profile.ca_file.empty()) {
    std::ifstream file(profile.ca_file);
    options.pem_root_certs.assign(std::istreambuf_iterator<char>(file), {});
    if (options.pem_root_certs.find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
      return fail(ErrorCode::kInvalidArgument, profile.ca_file + ": holds no PEM certificate");
    }
  }
  return grpc::SslCredentials(options);
}

}  // namespace

Result<Client> Client::open(const api::Schema& schema, const Profile& profile) {
  if (profile.endpoint.empty()) {
    return fail(ErrorCode::kInvalidArgument, "no endpoint: run sluicectl login, or set SLUICE_ENDPOINT");
  }
  if (Result<> fine = check_endpoint(profile.endpoint); !fine) return std::unexpected(fine.error());
  auto credentials = credentials_for(profile);
  if (!credentials) return std::unexpected(credentials.error());
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  return Client(schema, profile, grpc::CreateCustomChannel(profile.endpoint, *credentials, arguments));
}

Result<> Client::reach(std::chrono::milliseconds limit) const {
  if (channel_->WaitForConnected(std::chrono::system_clock::now() + limit)) return {};
  return fail(ErrorCode::kUnavailable, fmt::format("{}: nobody answers{}", profile_.endpoint,
                                                   is_local(profile_.endpoint) ? "" : " with a certificate to trust"));
}

Result<> Client::stream(std::string_view name, const json::object& request,
                        const std::function<bool(json::object)>& on_message, CallOptions options) const {
  const MethodDescriptor* method = find_method(*schema_, name);
  if (method == nullptr) return fail(ErrorCode::kNotFound, fmt::format("{}: this build has no such call", name));
  Result<std::string> binary = to_binary(*schema_, *method->input_type(), request);
  if (!binary) return std::unexpected(binary.error());
  grpc::ClientContext context;
  if (!profile_.token.empty()) context.AddMetadata("authorization", "Bearer " + std::string(profile_.token.reveal()));
  if (options.dry_run) context.AddMetadata("x-sluice-dry-run", "true");
  context.set_deadline(std::chrono::system_clock::now() + options.limit);
  grpc::GenericStub stub(channel_);
  grpc::CompletionQueue queue;
  const auto done = [&queue] {
    void* tag = nullptr;
    bool good = false;
    return queue.Next(&tag, &good) && good;
  };
  auto call = stub.PrepareCall(&context, api::Schema::rpc_name(*method), &queue);
  call->StartCall(nullptr);
  if (done()) {
    call->WriteLast(to_buffer(*binary), grpc::WriteOptions(), nullptr);
    (void)done();
  }
  Result<> outcome;
  bool left = false;
  for (grpc::ByteBuffer message; !left; message.Clear()) {
    call->Read(&message, nullptr);
    if (!done()) break;
    Result<json::object> answer = to_json(*schema_, *method->output_type(), to_string(message));
    if (!answer) outcome = std::unexpected(answer.error());
    left = !answer || !on_message(std::move(*answer));
  }
  if (left) context.TryCancel();
  grpc::Status status;
  call->Finish(&status, nullptr);
  (void)done();
  if (left || status.ok()) return outcome;
  return std::unexpected(to_error(status, profile_.endpoint));
}

Result<json::object> Client::call(std::string_view method, const json::object& request, CallOptions options) const {
  json::object out;
  Result<> done = stream(
      method, request,
      [&out](json::object answer) {
        out = std::move(answer);
        return true;
      },
      options);
  if (!done) return std::unexpected(done.error());
  return out;
}

const google::protobuf::FieldDescriptor* rows_field(const MethodDescriptor& method) {
  for (int i = 0; i < method.output_type()->field_count(); ++i) {
    const auto* field = method.output_type()->field(i);
    if (field->is_repeated() && field->message_type() != nullptr) return field;
  }
  return nullptr;
}

Result<std::vector<json::object>> Client::list(std::string_view name, json::object request, std::size_t most) const {
  const MethodDescriptor* method = find_method(*schema_, name);
  const auto* rows = method == nullptr ? nullptr : rows_field(*method);
  if (rows == nullptr) return fail(ErrorCode::kNotFound, fmt::format("{}: this build has no such list", name));
  if (method->input_type()->FindFieldByName("page_size") != nullptr && !request.contains("page_size")) {
    request["page_size"] = most < kPageSize ? static_cast<int>(most) : kPageSize;
  }
  std::vector<json::object> out;
  while (out.size() < most) {
    Result<json::object> page = call(name, request);
    if (!page) return std::unexpected(page.error());
    if (const json::value* found = page->if_contains(rows->name()); found != nullptr && found->is_array()) {
      for (const json::value& row : found->get_array()) {
        if (out.size() < most) out.push_back(row.as_object());
      }
    }
    const json::value* token = page->if_contains("next_page_token");
    if (token == nullptr || token->as_string().empty()) break;
    request["page_token"] = *token;
  }
  return out;
}

Result<json::object> normalize(const api::Schema& schema, const Descriptor& message, const json::object& object) {
  Result<std::string> binary = to_binary(schema, message, object);
  if (!binary) return std::unexpected(binary.error());
  return to_json(schema, message, *binary);
}

}  // namespace sluice::sluicectl
