#include "tests/support/process.h"

#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"

using namespace sluice::testing;

namespace {

pid_t read_pid(const std::filesystem::path& path) {
  pid_t pid = 0;
  std::ifstream(path) >> pid;
  return pid;
}

}  // namespace

TEST_CASE("a process gets its arguments and environment, and leaves its output and status") {
  const TempDir dir;
  Process process({.argv = {"sh", "-c", "echo \"$0 $GREETING $HOME\"; exit 7", "a b"},
                   .env = {"GREETING=hello", "HOME=/none"},
                   .log = dir / "log"});
  CHECK(process.wait(kGenerous) == 7);
  CHECK_FALSE(process.running());
  CHECK(process.log_text() == "a b hello /none\n");
}

TEST_CASE("a signal shows in the status; a program that is missing ends with 127") {
  Process sleeper({.argv = {"sleep", "1000"}});
  CHECK(sleeper.running());
  CHECK_FALSE(sleeper.wait(std::chrono::milliseconds(1)));
  sleeper.kill(SIGTERM);
  CHECK(sleeper.wait(kGenerous) == 128 + SIGTERM);
  Process missing({.argv = {"/no/such/program"}});
  CHECK(missing.wait(kGenerous) == 127);
}

TEST_CASE("the end of the object is the end of the process") {
  pid_t pid = 0;
  {
    const Process process({.argv = {"sleep", "1000"}});
    pid = process.pid();
    CHECK_FALSE(process_ended(pid));
  }
  CHECK(process_ended(pid));
}

TEST_CASE("a process dies with the test that started it") {
  const TempDir dir;
  const auto pid_file = dir / "pid";
  const pid_t tester = fork();
  if (tester == 0) {
    const Process child(
        {.argv = {"sh", "-c", "echo $$ > \"$0.new\" && mv \"$0.new\" \"$0\"; exec sleep 1000", pid_file}});
    for (;;)
      pause();
  }
  const bool started = eventually(kGenerous, [&] { return std::filesystem::exists(pid_file); });
  ::kill(tester, SIGKILL);
  REQUIRE(started);
  const pid_t child = read_pid(pid_file);
  REQUIRE(child > 0);
  CHECK(eventually(kGenerous, [&] { return process_ended(child); }));
}
