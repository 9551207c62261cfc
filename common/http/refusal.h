// Why a request was refused before anybody was asked about it.
#pragma once

#include <string>

namespace sluice::http {

// Why a head or a body was refused, with the status to answer.
struct Refusal {
  unsigned status = 400;  // 400, 408, 413, 414, 415, 417, 431, 501, 505
  std::string message;    // for the client
};

}  // namespace sluice::http
