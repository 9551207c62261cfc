// The command line of sluicectl. Main thread.
#pragma once

namespace sluice::sluicectl {

// Exit codes (docs/sluicectl.md).
enum Exit : int {
  kDone = 0,
  kFailed = 1,       // refused or failed; nothing was done
  kBadInput = 2,     // the command line, or a file
  kPartly = 3,       // some of it was done
  kChanged = 4,      // an object was changed meanwhile
  kNoAccess = 5,     // not reachable, or the token is not accepted
  kDoctorWarn = 10,  // the worst finding of the doctor
  kDoctorFail = 11,
};

[[nodiscard]] int run_command_line(int argc, char** argv);

}  // namespace sluice::sluicectl
