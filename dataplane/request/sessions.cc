#include "dataplane/request/sessions.h"

namespace sluice::request {

void Sessions::drain() {
  draining_ = true;
  for (Session* session = first_; session != nullptr; session = session->next_) {
    if (session->exchange_ == nullptr) {
      session->client_.stream().abort(ErrorCode::kCancelled);
    } else {
      session->client_.close_after_answer();
    }
  }
}

void Sessions::end_all() {
  for (Session* session = first_; session != nullptr; session = session->next_) {
    if (session->exchange_ == nullptr) continue;
    session->exchange_->on_gateway_end();
  }
}

Session::Session(Sessions& sessions, http::ServerConnection& client)
    : sessions_(sessions), client_(client), next_(sessions.first_) {
  if (next_ != nullptr) next_->previous_ = this;
  sessions_.first_ = this;
  ++sessions_.open_;
}

Session::~Session() {
  end();
  if (previous_ != nullptr) {
    previous_->next_ = next_;
  } else {
    sessions_.first_ = next_;
  }
  if (next_ != nullptr) next_->previous_ = previous_;
  --sessions_.open_;
}

void Session::begin(Exchange& exchange) {
  exchange_ = &exchange;
  ++sessions_.busy_;
  sessions_.metrics_.open_requests.Increment();
  if (sessions_.draining_) client_.close_after_answer();
}

void Session::end() {
  if (exchange_ == nullptr) return;
  exchange_ = nullptr;
  --sessions_.busy_;
  sessions_.metrics_.open_requests.Decrement();
}

}  // namespace sluice::request
