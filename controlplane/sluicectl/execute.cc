#include "controlplane/sluicectl/execute.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sluice::sluicectl {

namespace json = boost::json;

namespace {

std::string id_of(const json::object& object) {
  const json::value* id = object.if_contains("id");
  return id == nullptr ? std::string() : std::string(id->as_string());
}

// Sets "waiting.per_user" below `object`.
void set_at(json::object& object, const std::string& path, const json::value& value) {
  const std::size_t dot = path.find('.');
  if (dot == std::string::npos) {
    object[path] = value;
    return;
  }
  json::value& child = object[path.substr(0, dot)];
  if (!child.is_object()) child.emplace_object();
  set_at(child.get_object(), path.substr(dot + 1), value);
}

// A file that is there already may hold the secret of another key.
Result<int> new_private_file(const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd >= 0) return fd;
  return fail(ErrorCode::kFailedPrecondition, fmt::format("{}: {}", path, std::strerror(errno)));
}

class Executor {
 public:
  Executor(const Client& client, Plan& plan) : client_(client), plan_(plan) {}

  Result<> run(const Step& step) {
    switch (step.action) {
      case Step::Action::kCreate:
        return create(step);
      case Step::Action::kUpdate:
        return update(step);
      default:
        return remove(step);
    }
  }

 private:
  Result<> create(const Step& step) {
    json::value object = step.wanted;
    resolve(object, false);
    json::object request{{step.kind->field, object}};
    int fd = -1;
    if (step.secret && step.secret->from == SecretSource::From::kToFile) {
      Result<int> file = new_private_file(step.secret->place);
      if (!file) return std::unexpected(file.error());
      fd = *file;
    } else if (step.secret) {
      if (Result<> added = add_secret(step, request); !added) return added;
    }
    Result<json::object> answer = client_.call("Create" + std::string(step.kind->message), request);
    Result<> kept = fd < 0 ? Result<>() : keep_secret(fd, step.secret->place, answer);
    if (!answer) return std::unexpected(answer.error());
    plan_.ids[step.reference] = id_of(answer->at(step.kind->field).as_object());
    return kept;
  }

  // Ids in place of what the plan's earlier steps have created.
  void resolve(json::value& value, bool is_reference) const {
    for_references(value, is_reference, [this](json::value& one) {
      const auto found = plan_.ids.find(std::string(one.get_string()));
      if (found != plan_.ids.end()) one = found->second;
    });
  }

  static Result<> add_secret(const Step& step, json::object& request) {
    Result<Secret> secret = step.secret->read();
    if (!secret) return std::unexpected(secret.error());
    const json::string value(secret->reveal());
    if (step.kind->section == "accounts") {
      json::object credential = step.secret->more;
      credential["secret"] = value;
      request["credential"] = credential;
    } else if (step.kind->section == "api_keys") {
      request["secret"] = value;
    } else {
      request[step.kind->field].as_object()[step.kind->secret] = value;
    }
    return {};
  }

  static Result<> keep_secret(int fd, const std::string& path, const Result<json::object>& answer) {
    const std::string text = answer ? std::string(answer->at("secret").as_string()) + "\n" : std::string();
    const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    const bool closed = close(fd) == 0;
    if (!answer) unlink(path.c_str());
    if (written && closed) return {};
    return fail(ErrorCode::kDataLoss, path + ": the key was made, but could not be written here: rotate or delete it");
  }

  Result<> update(const Step& step) {
    json::object object{{"etag", step.current.at("etag")}};
    if (const std::string id = id_of(step.current); !id.empty()) object["id"] = id;
    std::string mask;
    for (const Change& change : step.changes) {
      json::value after = change.after;
      resolve(after, reference_of(change.path) != nullptr);
      set_at(object, change.path, after);
      mask += (mask.empty() ? "" : ",") + change.path;
    }
    json::object request{{step.kind->field, object}};
    const bool inside = step.secret && step.kind->section == "egress_proxies";
    if (inside) {
      if (Result<> added = add_secret(step, request); !added) return added;
      mask += (mask.empty() ? "" : ",") + std::string(step.kind->secret);
    }
    if (!mask.empty()) {
      request["update_mask"] = mask;
      auto answer = client_.call("Update" + std::string(step.kind->message), request);
      if (!answer) return std::unexpected(answer.error());
    }
    return step.secret && !inside ? set_credential(step) : Result<>();
  }

  Result<> set_credential(const Step& step) {
    json::object request{{"id", id_of(step.current)}};
    if (Result<> added = add_secret(step, request); !added) return added;
    auto answer = client_.call("SetAccountCredential", request);
    return answer ? Result<>() : std::unexpected(answer.error());
  }

  Result<> remove(const Step& step) {
    const json::object request{{"id", id_of(step.current)}, {"etag", step.current.at("etag")}};
    auto answer = client_.call("Delete" + std::string(step.kind->message), request);
    return answer ? Result<>() : std::unexpected(answer.error());
  }

  const Client& client_;
  Plan& plan_;
};

}  // namespace

Outcome execute(const Client& client, Plan plan, const std::function<void(const std::string&)>& say) {
  Executor executor(client, plan);
  Outcome outcome;
  for (const Step& step : plan.steps) {
    if (Result<> done = executor.run(step); !done) {
      outcome.result = fail(step.label, done.error());
      return outcome;
    }
    constexpr std::array kVerbs{"created", "updated", "deleted"};
    say(fmt::format("{} {}", kVerbs.at(static_cast<std::size_t>(step.action)), step.label));
    ++outcome.done;
  }
  return outcome;
}

}  // namespace sluice::sluicectl
