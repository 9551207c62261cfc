#include "controlplane/api/auth_service.h"

#include <algorithm>

#include "common/base/uuid.h"
#include "common/crypto/digest.h"
#include "controlplane/api/session_messages.h"
#include "controlplane/identity/sessions.h"
#include "controlplane/mail/address.h"
#include "controlplane/store/first_setup.h"
#include "controlplane/store/user_passwords.h"
#include "controlplane/store/users.h"

namespace sluice::api {

namespace v1 = admin::v1;

namespace {

constexpr std::size_t kLongestEmail = 254;
constexpr std::size_t kLongestPasswordBytes = 4 * identity::kLongestPassword;

// The same for an unknown address, a wrong password and a user who is not active.
Error refused() {
  return {ErrorCode::kUnauthenticated, "the e-mail address or the password is not right"};
}

Result<> check_email(const std::string& email) {
  const bool clean = std::ranges::none_of(email, [](char c) { return static_cast<unsigned char>(c) <= 0x20; });
  if (clean && email.size() <= kLongestEmail && email.find('@') != std::string::npos) return {};
  return fail(ErrorCode::kInvalidArgument, "email: must be an e-mail address of at most 254 characters");
}

Result<> check_login(const v1::LoginRequest& request) {
  if (request.password().empty() || request.password().size() > kLongestPasswordBytes) {
    return fail(ErrorCode::kInvalidArgument, "password: 1 to 1,024 bytes");
  }
  return check_email(request.email());
}

}  // namespace

Result<AuthServiceImpl::Applicant> AuthServiceImpl::count_applicant(const std::string& email,
                                                                    const std::string& network) const {
  return db::in_transaction(admin_.pool, [&](db::Transaction& tx) -> Result<Applicant> {
    Applicant out;
    const auto user = store::find_user_by_email(tx, email);
    if (!user && user.error().code != ErrorCode::kNotFound) return std::unexpected(user.error());
    if (user) {
      out.user_id = user->id;
      out.active = user->status == store::Status::kActive;
    }
    auto attempt = identity::count_attempt(tx, admin_.clock, out.user_id, email, network);
    if (!attempt) return std::unexpected(attempt.error());
    out.attempt = std::move(*attempt);
    auto hash = store::get_password_hash(tx, user ? out.user_id : "00000000-0000-0000-0000-000000000000");
    if (!hash) return std::unexpected(hash.error());
    out.hash = std::move(*hash);
    return out;
  });
}

Result<SignedIn> AuthServiceImpl::sign_in(Call& call, const Applicant& applicant, const std::string& code,
                                          const identity::ClientInfo& client) const {
  const auto hash = store::get_password_hash(call.tx, applicant.user_id);
  if (!hash) return std::unexpected(hash.error());
  if (*hash != applicant.hash) return std::unexpected(refused());
  return begin_session(call, admin_.vault,
                       {.user_id = applicant.user_id, .code = code, .client = client, .attempt = applicant.attempt});
}

grpc::Status AuthServiceImpl::Login(grpc::ServerContext* context, const v1::LoginRequest* request,
                                    v1::LoginResponse* response) {
  if (Result<> fine = check_login(*request); !fine) return to_status(fine.error());
  const identity::ClientInfo client = client_of(*context);
  if (Result<> human = human_.ask(request->turnstile_token(), client.network); !human) return to_status(human.error());
  const Result<Applicant> applicant = count_applicant(request->email(), client.network);
  if (!applicant) return to_status(applicant.error());
  const Result<bool> right = hasher_.verify(applicant->hash, request->password());
  if (!right) return to_status(right.error());
  if (!*right || !applicant->active) return to_status(refused());
  SignedIn done;
  grpc::Status status = run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    auto began = sign_in(call, *applicant, request->code(), client);
    if (!began) return std::unexpected(began.error());
    done = std::move(*began);
    return {};
  });
  if (status.ok()) hand_over(*context, done, request->return_token(), *response);
  return status;
}

grpc::Status AuthServiceImpl::GetSetup(grpc::ServerContext* context, const v1::GetSetupRequest* request,
                                       v1::GetSetupResponse* response) {
  return run(admin_, context, *request, *response, [&](Call& call) -> Result<> {
    const Result<bool> open = store::setup_is_open(call.tx);
    if (!open) return std::unexpected(open.error());
    response->set_needed(*open && !setup_token_.empty());
    return {};
  });
}

Result<> AuthServiceImpl::make_owner(Call& call, const v1::SetupRequest& request, const std::string& hash,
                                     v1::SetupResponse& response) const {
  if (Result<> locked = store::lock_setup(call.tx); !locked) return locked;
  const Result<bool> open = store::setup_is_open(call.tx);
  if (!open) return std::unexpected(open.error());
  if (!*open) return fail(ErrorCode::kFailedPrecondition, "the set-up is done: sign in");
  store::User user;
  user.id = Uuid::generate(call.clock.now()).to_string();
  user.email = request.email();
  user.display_name = request.display_name();
  user.role = store::Role::kOwner;
  if (auto stored = store::insert_user(call.tx, user); !stored) return std::unexpected(stored.error());
  const SystemTime now = call.clock.now();
  if (Result<> kept = store::set_password_hash(call.tx, user.id, hash, now); !kept) return kept;
  if (Result<> done = store::mark_setup_done(call.tx, user.id, now); !done) return done;
  response.set_user_id(user.id);
  call.actor = "setup";
  return call.audit("user.setup", "user", user.id, nullptr, &response);
}

grpc::Status AuthServiceImpl::Setup(grpc::ServerContext* context, const v1::SetupRequest* request,
                                    v1::SetupResponse* response) {
  if (setup_token_.empty() || !crypto::constant_time_equal(request->setup_token(), setup_token_.reveal())) {
    return to_status({ErrorCode::kUnauthenticated, "the set-up token is not right"});
  }
  if (Result<> fine = mail::check_address("email", request->email()); !fine) return to_status(fine.error());
  if (Result<> fine = identity::check_password("password", request->password(), request->email()); !fine) {
    return to_status(fine.error());
  }
  if (request->display_name().size() > kLongestEmail) {
    return to_status({ErrorCode::kInvalidArgument, "display_name: at most 254 bytes"});
  }
  const Result<std::string> hash = hasher_.hash(request->password());
  if (!hash) return to_status(hash.error());
  return run(admin_, context, *request, *response,
             [&](Call& call) -> Result<> { return make_owner(call, *request, *hash, *response); });
}

}  // namespace sluice::api
