// survivors_fsm -- ends what lives of a masterd that was killed.
//
//   look --nobody, twice--> (ended)
//   look --somebody--> SIGTERM, SIGCONT --kGrace--> SIGKILL --kKillTakes--> told and left (ended)
//
// One deadline for all: who is found later gets what is left of it. A guard's fail-safe is on its
// way to halt a machine: it gets no SIGTERM, and the same deadline. Processes that are not ours
// tell of their end by a pidfd; a new one among them tells nobody, hence a look every kLookEvery
// while somebody lives. Owner: Daemon.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "fsm/mealy_coroutine.h"
#include "supervisor/owned_fd.h"
#include "supervisor/process.h"
#include "supervisor/survivors.h"

namespace masterd::supervisor {

class SurvivorsFsm final : public fsm::MealyCoroutine {
 public:
  static constexpr std::chrono::seconds kGrace{5};
  static constexpr std::chrono::milliseconds kLookEvery{100};

  /// For people; `trouble`: what could not be done.
  using Say = std::function<void(bool trouble, const std::string&)>;

  SurvivorsFsm(fsm::EventLoop& loop, std::vector<Section> dead, Say say)
      : MealyCoroutine{loop, "survivors"},
        search_{std::move(dead)},
        say_{std::move(say)},
        until_{loop.now() + kGrace + kKillTakes} {}
  ~SurvivorsFsm() override { unwind(); }

  /// When it has ended at the latest.
  [[nodiscard]] fsm::Deadline until() const { return until_; }

 protected:
  void state_machine() override;

 private:
  struct Known {
    Survivor survivor;
    OwnedFd pidfd;     // invalid: none was to be had; the next look finds out
    fsm::Watch ended;  // before the descriptor that it watches
    int sent = 0;      // the signal that it got last
  };

  bool look();
  void send_to_all(int signo);
  void send(Known& known, int signo);
  void tell_left();

  SurvivorSearch search_;
  const Say say_;
  std::unordered_map<pid_t, Known> known_;
  std::size_t found_ = 0;
  fsm::Event changed_;
  const fsm::Deadline until_;
};

}  // namespace masterd::supervisor
