#include "tests/fakes/anthropic/citation.h"

#include "tests/fakes/anthropic/text.h"

namespace sluice::fakes {

std::string citation_json(std::string_view cited) {
  return cat({R"({"type":"char_location","cited_text":)", json_string(cited),
              R"(,"document_index":0,"document_title":null,"start_char_index":0,"end_char_index":)",
              std::to_string(cited.size()), R"(,"file_id":null})"});
}

}  // namespace sluice::fakes
