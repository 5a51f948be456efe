// states_table -- what every event does in every state of a coprocess: the same cells as the table
// in docs/states.md (a test compares them), each that can come driven by supervision_states_test.
//
// A cell is the state in which the coprocess is when everything has settled, and what was done to
// get there; or "- WHY" for what cannot come.
#pragma once

#include <array>

#include "supervisor/coprocess_state.h"

namespace masterd::supervisor {

enum class Happening {
  Start,
  Stop,
  StopNow,
  Restart,
  SignalTerm,
  SignalHup,
  DiesByTheHup,
  Spawned,
  SpawnFailed,
  ExitZero,
  ExitOne,
  KilledBySegv,
  ExitOneAtTheLimit,
  Suspended,
  LeaderEnds,
  GroupGone,
  GraceOver,
  KillGraceOver,
  BackoffOver,
  RequirementReady,
  RequirementLost,
  RequirementFailed,
  Shutdown,
  SpecChanged,
  SpecUpdated,
  SpecRemoved,
};

struct Row {
  Happening happening;
  const char* test_name;
  const char* name;  // in the document
  std::array<const char*, 8> cells;
};

/// The columns, in the order of State.
inline constexpr std::array kColumns{"waiting", "starting", "running", "stopping",
                                     "backoff", "exited",   "stopped", "failed"};

// clang-format off
inline constexpr std::array kTable{
  Row{Happening::Start, "Start", "start",
      {"running: spawn", "running: spawn", "running", "stopping: desired up",
       "running: spawn", "running: spawn", "running: spawn, desired up", "running: spawn"}},
  Row{Happening::Stop, "Stop", "stop",
      {"stopped: desired down", "stopping: spawn, SIGTERM, desired down",
       "stopping: SIGTERM, desired down", "stopping",
       "stopped: desired down", "stopped: desired down", "stopped", "stopped: desired down"}},
  Row{Happening::StopNow, "StopNow", "stop now",
      {"stopped: desired down", "stopping: spawn, SIGKILL, desired down",
       "stopping: SIGKILL, desired down", "stopping: SIGKILL",
       "stopped: desired down", "stopped: desired down", "stopped", "stopped: desired down"}},
  Row{Happening::Restart, "Restart", "restart",
      {"running: spawn", "stopping: spawn, SIGTERM", "stopping: SIGTERM", "stopping: desired up",
       "running: spawn", "running: spawn", "running: spawn, desired up", "running: spawn"}},
  Row{Happening::SignalTerm, "SignalTerm", "signal TERM",
      {"waiting: refused", "running: spawn, refused",
       "running: SIGTERM to the leader, desired down", "stopping: SIGTERM to the leader",
       "backoff: refused", "exited: refused", "stopped: refused", "failed: refused"}},
  Row{Happening::SignalHup, "SignalHup", "signal HUP",
      {"waiting: refused", "running: spawn, refused",
       "running: SIGHUP to the leader", "stopping: SIGHUP to the leader",
       "backoff: refused", "exited: refused", "stopped: refused", "failed: refused"}},
  Row{Happening::DiesByTheHup, "DiesByTheHup", "dies by that HUP",
      {"- no process", "- ready first", "exited: SIGHUP to the leader",
       "stopped: SIGHUP to the leader",
       "- no process", "- no process", "- no process", "- no process"}},
  Row{Happening::Spawned, "Spawned", "spawned",
      {"- no spawn", "running: spawn", "- no spawn", "- no spawn",
       "- no spawn", "- no spawn", "- no spawn", "- no spawn"}},
  Row{Happening::SpawnFailed, "SpawnFailed", "spawn failed",
      {"- no spawn", "backoff", "- no spawn", "- no spawn",
       "- no spawn", "- no spawn", "- no spawn", "- no spawn"}},
  Row{Happening::ExitZero, "ExitZero", "exit 0",
      {"- no process", "- ready first", "exited", "stopped",
       "- no process", "- no process", "- no process", "- no process"}},
  Row{Happening::ExitOne, "ExitOne", "exit 1",
      {"- no process", "- ready first", "backoff", "stopped",
       "- no process", "- no process", "- no process", "- no process"}},
  Row{Happening::KilledBySegv, "KilledBySegv", "killed by SEGV",
      {"- no process", "- ready first", "backoff", "stopped",
       "- no process", "- no process", "- no process", "- no process"}},
  Row{Happening::ExitOneAtTheLimit, "ExitOneAtTheLimit", "exit 1, limit reached",
      {"- no process", "- ready first", "failed", "stopped",
       "- no process", "- no process", "- no process", "- no process"}},
  Row{Happening::Suspended, "Suspended", "is suspended",
      {"- no process", "- ready first", "stopping: SIGTERM", "stopping",
       "- no process", "- no process", "- no process", "- no process"}},
  Row{Happening::LeaderEnds, "LeaderEnds", "leader ends, group stays",
      {"- no process", "- ready first", "stopping: SIGKILL", "stopping",
       "- no process", "- no process", "- no process", "- no process"}},
  Row{Happening::GroupGone, "GroupGone", "group gone after it",
      {"- no process", "- ready first", "- it is stopping then", "stopped",
       "- no process", "- no process", "- no process", "- no process"}},
  Row{Happening::GraceOver, "GraceOver", "grace over",
      {"- no ladder", "- no ladder", "- no ladder", "stopping: SIGKILL",
       "- no ladder", "- no ladder", "- no ladder", "- no ladder"}},
  Row{Happening::KillGraceOver, "KillGraceOver", "kill grace over",
      {"- no kill", "- no kill", "- no kill", "failed",
       "- no kill", "- no kill", "- no kill", "- no kill"}},
  Row{Happening::BackoffOver, "BackoffOver", "backoff over",
      {"- no backoff", "- no backoff", "- no backoff", "- no backoff",
       "running: spawn", "- no backoff", "- no backoff", "- no backoff"}},
  Row{Happening::RequirementReady, "RequirementReady", "requirement ready",
      {"running: spawn", "- was ready", "- was ready", "- it waits for this end",
       "backoff", "exited", "stopped", "running: spawn"}},
  Row{Happening::RequirementLost, "RequirementLost", "requirement lost",
      {"waiting", "stopping: spawn, SIGTERM", "stopping: SIGTERM", "stopping",
       "backoff", "exited", "stopped", "failed"}},
  Row{Happening::RequirementFailed, "RequirementFailed", "requirement failed",
      {"failed", "stopping: spawn, SIGTERM", "stopping: SIGTERM", "stopping",
       "backoff", "exited", "stopped", "failed"}},
  Row{Happening::Shutdown, "Shutdown", "shutdown",
      {"stopped", "stopping: spawn, SIGTERM", "stopping: SIGTERM", "stopping",
       "stopped", "exited", "stopped", "failed"}},
  Row{Happening::SpecChanged, "SpecChanged", "spec changed",
      {"waiting", "stopping: spawn, SIGTERM", "stopping: SIGTERM", "stopping",
       "running: spawn", "running: spawn", "stopped", "running: spawn"}},
  Row{Happening::SpecUpdated, "SpecUpdated", "spec updated",
      {"waiting", "running: spawn", "running", "stopping",
       "backoff", "exited", "stopped", "failed"}},
  Row{Happening::SpecRemoved, "SpecRemoved", "spec removed",
      {"removed", "stopping: spawn, SIGTERM, desired down", "stopping: SIGTERM, desired down",
       "stopping", "removed", "removed", "removed", "removed"}},
};
// clang-format on

}  // namespace masterd::supervisor
