#include "controlplane/sluicectl/login_commands.h"

#include <fmt/core.h>
#include <termios.h>
#include <unistd.h>

#include <iostream>

#include "controlplane/sluicectl/apply_command.h"
#include "controlplane/sluicectl/commands.h"
#include "controlplane/sluicectl/output.h"

namespace sluice::sluicectl {

namespace json = boost::json;

namespace {

// What is typed is not shown.
class NoEcho {
 public:
  NoEcho() : terminal_(tcgetattr(STDIN_FILENO, &before_) == 0) {
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (terminal_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;
  ~NoEcho() {
    if (terminal_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }

 private:
  termios before_{};
  bool terminal_;
};

Secret ask_token() {
  if (std::string given = environment("SLUICE_TOKEN"); !given.empty()) return Secret(std::move(given));
  const bool person = isatty(STDIN_FILENO) != 0;
  if (person) fmt::print(stderr, "Token: ");
  std::string line;
  {
    const NoEcho silent;
    std::getline(std::cin, line);
  }
  if (person) fmt::print(stderr, "\n");
  while (!line.empty() && (line.back() == '\r' || line.back() == ' '))
    line.pop_back();
  return Secret(std::move(line));
}

// A call that any token may try: refused for want of a scope, the token itself is known.
Result<> prove(const Client& client) {
  auto answer = client.call("ListGroups", {{"page_size", 1}});
  if (answer || answer.error().code == ErrorCode::kPermissionDenied) return {};
  return std::unexpected(answer.error());
}

}  // namespace

int login(const api::Schema& schema, const std::string& endpoint, const std::string& ca_file) {
  const auto path = profile_path();
  if (!path) return complain(path.error());
  const std::string place = endpoint.empty() ? environment("SLUICE_ENDPOINT") : endpoint;
  if (place.empty()) return complain({ErrorCode::kInvalidArgument, "login: say where with --endpoint"});
  Profile profile{.endpoint = place, .ca_file = ca_file.empty() ? environment("SLUICE_CA_FILE") : ca_file};
  std::error_code ignored;
  if (!profile.ca_file.empty()) profile.ca_file = std::filesystem::absolute(profile.ca_file, ignored).string();
  const Result<> fine = check_endpoint(place);
  if (!fine) return complain(fine.error());
  profile.token = ask_token();
  if (profile.token.empty()) return complain({ErrorCode::kInvalidArgument, "login: no token was given"});
  const Result<Client> client = Client::open(schema, profile);
  if (!client) return complain(client.error());
  if (Result<> accepted = prove(*client); !accepted) return complain(accepted.error());
  if (Result<> saved = save_profile(*path, profile); !saved) return complain(saved.error());
  fmt::print("Logged in to {}; stored in {}\n", place, path->string());
  return kDone;
}

int logout() {
  const auto path = profile_path();
  if (!path) return complain(path.error());
  if (Result<> gone = forget_profile(*path); !gone) return complain(gone.error());
  fmt::print("Logged out. The token itself stays valid: delete it if nobody else uses it.\n");
  return kDone;
}

int whoami(const Client& client, const Profile& profile) {
  if (Result<> accepted = prove(client); !accepted) return complain(accepted.error());
  fmt::print("{}: the token is accepted\n", profile.endpoint);
  // An older server does not know the call; the bootstrap token is nobody's.
  const auto session = client.call("GetSession", {});
  const json::value* mail = session ? session->if_contains("email") : nullptr;
  if (mail == nullptr) return kDone;
  fmt::print("user: {}\nrole: {}\n", printable(mail->as_string()), printable(session->at("role").as_string()));
  std::string scopes;
  for (const json::value& scope : session->at("scopes").as_array())
    scopes += (scopes.empty() ? "" : " ") + std::string(scope.as_string());
  fmt::print("scopes: {}\n", printable(scopes));
  return kDone;
}

}  // namespace sluice::sluicectl
