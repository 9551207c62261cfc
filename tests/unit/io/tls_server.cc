#include "tests/unit/io/tls_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <vector>

namespace sluice::io {

namespace {

void shell(const std::string& command) {
  INFO(command);
  REQUIRE(std::system((command + " >/dev/null 2>&1").c_str()) == 0);
}

std::vector<std::string> words(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> result;
  for (std::string word; in >> word;)
    result.push_back(word);
  return result;
}

}  // namespace

TestCa::TestCa() {
  std::string pattern = (std::filesystem::temp_directory_path() / "sluice_ca_XXXXXX").string();
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  folder_ = pattern;
  shell(
      fmt::format("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=Test CA' -keyout {0}/ca.key "
                  "-out {0}/ca.pem",
                  folder_.string()));
}

TestCa::~TestCa() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string TestCa::pem() const {
  std::ifstream in(folder_ / "ca.pem");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string TestCa::issue(const std::string& name, const std::string& alternative_names) const {
  const std::string folder = folder_.string();
  std::ofstream(folder_ / (name + ".ext")) << "subjectAltName=" << alternative_names << "\n";
  shell(fmt::format("openssl req -newkey rsa:2048 -nodes -subj /CN={1} -keyout {0}/{1}.key -out {0}/{1}.csr", folder,
                    name));
  shell(
      fmt::format("openssl x509 -req -in {0}/{1}.csr -CA {0}/ca.pem -CAkey {0}/ca.key -CAcreateserial -days 2 "
                  "-extfile {0}/{1}.ext -out {0}/{1}.pem",
                  folder, name));
  return folder + "/" + name;
}

TlsServer::TlsServer(const std::string& certificate, const std::string& options) {
  std::vector<std::string> arguments = words(fmt::format(
      "openssl s_server -accept 127.0.0.1:0 -naccept 100 -cert {0}.pem -key {0}.key {1}", certificate, options));
  int output[2];
  REQUIRE(::pipe2(output, O_CLOEXEC) == 0);
  std::vector<char*> argv;
  for (std::string& argument : arguments)
    argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_ = ::fork();
  REQUIRE(pid_ >= 0);
  if (pid_ == 0) {
    ::dup2(::open("/dev/zero", O_RDONLY), 0);
    ::dup2(output[1], 1);
    ::dup2(output[1], 2);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(output[1]);
  // It says "ACCEPT 127.0.0.1:PORT" when it listens.
  said_ = ::fdopen(output[0], "r");
  char line[512];
  while (port_ == 0 && std::fgets(line, sizeof(line), said_) != nullptr) {
    const std::string_view text(line);
    if (text.starts_with("ACCEPT ")) port_ = static_cast<std::uint16_t>(std::atoi(line + text.rfind(':') + 1));
  }
  REQUIRE(port_ != 0);
}

TlsServer::~TlsServer() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  if (said_ != nullptr) std::fclose(said_);
}

}  // namespace sluice::io
