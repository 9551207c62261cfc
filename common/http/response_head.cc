#include "common/http/response_head.h"

#include <boost/beast/http/basic_parser.hpp>

namespace sluice::http {

namespace {

namespace beast = boost::beast;

constexpr std::string_view kEmptyLine = "\r\n\r\n";
constexpr std::string_view kStart = "HTTP/1.";

class Collector final : public beast::http::basic_parser<false> {
 public:
  Collector(std::string_view bytes, ResponseHead& head) : bytes_(bytes), head_(head) {
    header_limit(static_cast<std::uint32_t>(bytes.size() + 1));
    body_limit(boost::none);
    head_.fields.reserve(16);
  }
  [[nodiscard]] bool folded() const { return folded_; }
  [[nodiscard]] bool odd_coding() const { return codings_ > 1 || (codings_ == 1 && !coding_is_chunked_); }

 private:
  using View = beast::string_view;
  using Error = beast::error_code;

  void on_request_impl(beast::http::verb, View, View, int, Error&) override {}
  void on_response_impl(int status, View, int, Error&) override { head_.status = static_cast<unsigned>(status); }
  void on_field_impl(beast::http::field field, View name, View value, Error&) override {
    // A folded value is not in the input but in a buffer of the parser's.
    const bool inside =
        value.empty() || (value.data() >= bytes_.data() && value.data() < bytes_.data() + bytes_.size());
    if (!inside) {
      folded_ = true;
      return;
    }
    head_.fields.push_back(Field{{name.data(), name.size()}, {value.data(), value.size()}});
    if (field == beast::http::field::transfer_encoding) {
      ++codings_;
      coding_is_chunked_ = same_name(head_.fields.back().value, "chunked");
    }
  }
  void on_header_impl(Error&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
  std::size_t on_body_impl(View body, Error&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, View, Error&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View body, Error&) override { return body.size(); }
  void on_finish_impl(Error&) override {}

  std::string_view bytes_;
  ResponseHead& head_;
  bool folded_ = false;
  int codings_ = 0;
  bool coding_is_chunked_ = false;
};

// RFC 9112, section 6.3.
BodyFraming framing_of(const Collector& parsed, unsigned status, bool answers_head_request) {
  if (answers_head_request || status < 200 || status == 204 || status == 304) return {};
  if (parsed.chunked()) return {.kind = BodyFraming::Kind::kChunked};
  if (const auto length = parsed.content_length()) return {.kind = BodyFraming::Kind::kLength, .length = *length};
  return {.kind = BodyFraming::Kind::kUntilClose};
}

}  // namespace

std::optional<std::size_t> find_response_head(std::string_view bytes, std::size_t searched) {
  const std::size_t from = searched < kEmptyLine.size() ? 0 : searched - kEmptyLine.size() + 1;
  const std::size_t at = bytes.find(kEmptyLine, from);
  if (at == std::string_view::npos) return std::nullopt;
  return at + kEmptyLine.size();
}

bool may_be_response(std::string_view bytes) {
  return bytes.starts_with(kStart.substr(0, std::min(bytes.size(), kStart.size())));
}

Result<ResponseHead> parse_response_head(std::string_view bytes, bool answers_head_request) {
  ResponseHead head;
  Collector parser(bytes, head);
  parser.skip(answers_head_request);
  beast::error_code error;
  parser.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
  if (error && error != beast::http::error::need_more) {
    return fail(ErrorCode::kDataLoss, "the server's answer is malformed: " + error.message());
  }
  if (!parser.is_header_done()) return fail(ErrorCode::kDataLoss, "the server's answer has no complete head");
  if (parser.folded()) return fail(ErrorCode::kDataLoss, "the server's answer has a folded field");
  if (parser.odd_coding()) {
    return fail(ErrorCode::kDataLoss, "the server's answer has a transfer coding other than chunked");
  }
  head.framing = framing_of(parser, head.status, answers_head_request);
  head.keep_alive = head.framing.kind != BodyFraming::Kind::kUntilClose && parser.keep_alive();
  return head;
}

}  // namespace sluice::http
