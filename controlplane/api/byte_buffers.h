// gRPC's buffers of raw messages from and to strings. Any thread.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <string>

namespace sluice::api {

[[nodiscard]] grpc::ByteBuffer to_buffer(const std::string& bytes);
[[nodiscard]] std::string to_string(grpc::ByteBuffer& buffer);

}  // namespace sluice::api
