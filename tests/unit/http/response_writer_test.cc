#include "common/http/response_writer.h"

#include <array>
#include <catch2/catch.hpp>

#include "common/http/date.h"

namespace sluice::http {
namespace {

constexpr SystemTime kWhen{std::chrono::seconds(784111777)};

TEST_CASE("dates") {
  CHECK(http_date(kWhen) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(http_date(kWhen + std::chrono::milliseconds(999)) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(http_date(kWhen + std::chrono::seconds(1)) == "Sun, 06 Nov 1994 08:49:38 GMT");
  CHECK(http_date(SystemTime{std::chrono::sys_days(std::chrono::year(2024) / 2 / 29)}) ==
        "Thu, 29 Feb 2024 00:00:00 GMT");
}

TEST_CASE("heads of whole, chunked and empty answers") {
  const std::array<Field, 1> fields{{{"content-type", "application/json"}}};
  std::string out;
  append_response_head(out, {.status = 200, .fields = fields, .content_length = 12, .close = false}, kWhen);
  CHECK(out ==
        "HTTP/1.1 200 OK\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\ncontent-type: application/json\r\n"
        "content-length: 12\r\n\r\n");
  out.clear();
  append_response_head(out, {.status = 599, .fields = {}, .content_length = std::nullopt, .close = true}, kWhen);
  CHECK(out ==
        "HTTP/1.1 599 Status\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\ntransfer-encoding: chunked\r\n"
        "connection: close\r\n\r\n");
  out.clear();
  append_response_head(out, {.status = 204, .fields = {}, .content_length = std::nullopt, .close = false}, kWhen);
  CHECK(out == "HTTP/1.1 204 No Content\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n");
}

TEST_CASE("a value cannot end its line") {
  const std::array<Field, 1> fields{{{"x-id", std::string_view("a\r\nset-cookie: b\0\x7f\tc", 20)}}};
  std::string out;
  append_response_head(out, {.status = 200, .fields = fields, .content_length = 0, .close = false}, kWhen);
  CHECK(out.find("x-id: a  set-cookie: b  \tc\r\n") != std::string::npos);
}

TEST_CASE("chunk size lines") {
  CHECK(ChunkSizeLine(1).text() == "1\r\n");
  CHECK(ChunkSizeLine(0xabc0).text() == "abc0\r\n");
  CHECK(ChunkSizeLine(SIZE_MAX).text() == "ffffffffffffffff\r\n");
}

}  // namespace
}  // namespace sluice::http
