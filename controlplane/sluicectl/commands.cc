#include "controlplane/sluicectl/commands.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>
#include <map>

#include "controlplane/sluicectl/apply_command.h"
#include "controlplane/sluicectl/doctor.h"
#include "controlplane/sluicectl/login_commands.h"
#include "controlplane/sluicectl/object_commands.h"

namespace sluice::sluicectl {

namespace {

// The parsed command line, and what to run.
class CommandLine {
 public:
  CommandLine() : app_("Operates a Sluice control plane from the command line.", "sluicectl") {
    app_.set_version_flag("--version", "sluicectl " SLUICE_VERSION);
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.add_option("--endpoint", endpoint_, "unix:/path, 127.0.0.1:port, or host:port with TLS");
    app_.add_option("--ca-file", ca_file_, "who signs the server's certificate; default: whom this machine trusts");
    app_.footer(
        "The token comes from sluicectl login, or from SLUICE_TOKEN. Exit codes: 0 done, 1 refused or failed,\n"
        "2 bad command line or file, 3 partly done, 4 changed meanwhile, 5 no access; doctor: 10 warnings, 11 "
        "failures.");
    add_login();
    add_objects();
    add_apply();
    add_operations();
  }

  int run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app_.exit(error) == 0 ? static_cast<int>(kDone) : static_cast<int>(kBadInput);
    }
    return action_();
  }

 private:
  using WithClient = std::function<int(const Client&, const Profile&)>;

  CLI::App* command(const char* name, const char* text, std::function<int()> action) {
    CLI::App* added = app_.add_subcommand(name, text);
    added->callback([this, action = std::move(action)] { action_ = action; });
    return added;
  }

  CLI::App* with_client(const char* name, const char* text, WithClient action) {
    return command(name, text, [this, action = std::move(action)] {
      const Result<Profile> profile = find_profile(endpoint_, ca_file_);
      if (!profile) return complain(profile.error());
      const Result<Client> client = Client::open(schema_, *profile);
      return client ? action(*client, *profile) : complain(client.error());
    });
  }

  void add_login() {
    command("login", "Stores the endpoint and a token, which is read from SLUICE_TOKEN, the terminal or stdin",
            [this] { return login(schema_, endpoint_, ca_file_); });
    command("logout", "Forgets the stored login", [] { return logout(); });
    with_client("whoami", "Shows the endpoint, and whether the token is accepted", whoami);
  }

  void add_objects() {
    CLI::App* list = with_client("get", "Shows objects", [this](const Client& client, const Profile&) {
      get_.format = format_;
      return print(get(client, get_));
    });
    std::string kinds = "one of settings";
    for (const std::string& word : object_words(schema_))
      kinds += word == "settings" ? "" : ", " + word;
    list->add_option("kind", get_.kind, kinds)->required();
    list->add_option("name", get_.name, "an id, a name or an e-mail");
    list->add_option("-o,--output", format_, "table, json or yaml")->transform(CLI::CheckedTransformer(formats()));
    list->add_option("--filter", get_.filters, "FIELD=VALUE, such as group_id=...; may be repeated")->take_all();
    list->add_option("--limit", get_.most, "rows at most")->capture_default_str();
    add_change("create", "Creates an object from JSON", ChangeKind::kCreate);
    add_change("update", "Changes the fields that the JSON has", ChangeKind::kUpdate);
    add_change("delete", "Deletes an object", ChangeKind::kDelete);
    add_change("disable", "Switches an object off", ChangeKind::kDisable);
    add_change("enable", "Switches an object on", ChangeKind::kEnable);
  }

  void add_change(const char* name, const char* text, ChangeKind what) {
    CLI::App* added = with_client(name, text, [this, what](const Client& client, const Profile&) {
      change_.what = what;
      return change(client, change_);
    });
    added->add_option("kind", change_.kind, "as for get")->required();
    if (what != ChangeKind::kCreate) {
      auto* option = added->add_option("name", change_.name, "an id, a name or an e-mail");
      if (what != ChangeKind::kUpdate) option->required();
    }
    if (what == ChangeKind::kCreate || what == ChangeKind::kUpdate) {
      added->add_option("-f,--file", change_.file, "JSON of the object; - is stdin")->required();
    }
  }

  void add_apply() {
    const auto add = [this](const char* name, const char* text, bool dry_run) {
      CLI::App* added = with_client(name, text, [this, dry_run](const Client& client, const Profile&) {
        apply_.dry_run = apply_.dry_run || dry_run;
        return apply(client, apply_);
      });
      added->add_option("-f,--file", apply_.path, "a manifest, or a folder of them")->required();
      added->add_flag("--prune", apply_.prune, "delete what the manifest does not name, of the kinds that it has");
      added->add_flag("--set-secrets", apply_.set_secrets, "set secrets also where there are some");
      return added;
    };
    add("plan", "Shows what apply would do", true);
    add("diff", "The same as plan", true);
    CLI::App* real = add("apply", "Makes the server have what YAML files say", false);
    real->add_flag("--dry-run", apply_.dry_run, "only show what would be done");
    real->add_flag("-y,--yes", apply_.yes, "do not ask");
  }

  void add_operations() {
    CLI::App* list = with_client("jobs", "Shows the background jobs, or runs one",
                                 [this](const Client& client, const Profile&) { return jobs(client, job_, format_); });
    list->add_option("--run", job_, "make this job due now");
    list->add_option("-o,--output", format_, "table, json or yaml")->transform(CLI::CheckedTransformer(formats()));
    add_node("drain", "Takes a node aside: it finishes what runs and gets nothing new", "DrainNode");
    add_node("undrain", "Takes a node back", "UndrainNode");
    CLI::App* test = with_client("test", "Sends a real request through an account",
                                 [this](const Client& client, const Profile&) { return test_account(client, test_); });
    test->add_option("kind", word_, "account")->required()->check(CLI::IsMember({"account"}));
    test->add_option("name", test_.name, "an id or a name")->required();
    test->add_option("--model", test_.model, "default: the first that the account lists");
    test->add_option("--prompt", test_.prompt, "default: a greeting");
    with_client(
        "doctor", "Looks for what is wrong, and says what to do", [](const Client& client, const Profile& profile) {
          const auto now = std::chrono::time_point_cast<SystemTime::duration>(std::chrono::system_clock::now());
          const std::vector<Finding> findings = examine(client, profile, now);
          fmt::print("{}", report(findings));
          const Grade grade = worst(findings);
          return static_cast<int>(grade == Grade::kOk ? kDone : grade == Grade::kWarn ? kDoctorWarn : kDoctorFail);
        });
    CLI::App* shell = command("completion", "Prints completions for a shell", [this] { return completion(); });
    shell->add_option("shell", word_, "bash")->required()->check(CLI::IsMember({"bash"}));
  }

  void add_node(const char* name, const char* text, const char* method) {
    CLI::App* added = with_client(name, text, [this, method](const Client& client, const Profile&) {
      auto answer = client.call(method, {{"id", name_}});
      if (!answer) return complain(answer.error());
      fmt::print("node {}: ordered\n", name_);
      return static_cast<int>(kDone);
    });
    added->add_option("kind", word_, "node")->required()->check(CLI::IsMember({"node"}));
    added->add_option("id", name_, "the node's id")->required();
  }

  int completion() {
    std::vector<std::string> words;
    for (const CLI::App* added : app_.get_subcommands([](const CLI::App*) { return true; }))
      words.push_back(added->get_name());
    fmt::print(
        "_sluicectl() {{\n  local words=\"{}\"\n  case \"${{COMP_WORDS[1]}}\" in\n"
        "    get|create|update|delete|disable|enable) [ \"$COMP_CWORD\" = 2 ] && words=\"{}\" ;;\n  esac\n"
        "  [ \"$COMP_CWORD\" -le 2 ] && mapfile -t COMPREPLY < <(compgen -W \"$words\" -- "
        "\"${{COMP_WORDS[COMP_CWORD]}}\")\n"
        "}}\ncomplete -o default -F _sluicectl sluicectl\n",
        fmt::join(words, " "), fmt::join(object_words(schema_), " "));
    return kDone;
  }

  static const std::map<std::string, Format>& formats() {
    static const std::map<std::string, Format> all{
        {"table", Format::kTable}, {"json", Format::kJson}, {"yaml", Format::kYaml}};
    return all;
  }

  api::Schema schema_;
  CLI::App app_;
  std::string endpoint_;
  std::string ca_file_;
  GetOptions get_;
  Format format_ = Format::kTable;
  ChangeOptions change_;
  ApplyOptions apply_;
  std::string job_;
  std::string word_;
  std::string name_;
  TestOptions test_;
  std::function<int()> action_;
};

}  // namespace

int run_command_line(int argc, char** argv) {
  return CommandLine().run(argc, argv);
}

}  // namespace sluice::sluicectl
