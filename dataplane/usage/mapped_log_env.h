// LevelDB's environment with one change: log files are written through a shared memory mapping, so that a record costs
// a copy and no system call. What was copied is in the page cache and survives kill -9 of the process, as a write(2)
// does. Space is reserved before it is mapped: a full disk is an error of the append, never a signal. LevelDB's reader
// takes the zeros behind the last record for the end of the log. Thread-safe; lives as long as the program.
#pragma once

#include <leveldb/env.h>

namespace sluice::usage {

[[nodiscard]] leveldb::Env* mapped_log_env();

}  // namespace sluice::usage
