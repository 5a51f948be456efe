// supervision -- the decisions about the coprocesses of a session: which step each may take now.
//
// Owner: SupervisorFsm, which calls settle() whenever it was woken. Level-triggered: a verb, the
// end of a life, a timer or a neighbour's change only notes a fact and queues those concerned;
// advance() looks at one coprocess, its desired state and its units, and takes at most one step. So
// the order in which events arrive cannot matter, and a pair of state and event that nobody thought
// of is decided by the same rules. docs/states.md has the table.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <string_view>

#include "config/spec.h"
#include "fsm/event_loop.h"
#include "supervisor/coprocess_set.h"
#include "supervisor/process.h"
#include "supervisor/reconcile.h"
#include "supervisor/sink.h"

namespace masterd::supervisor {

class Supervision {
 public:
  /// `wake` asks for a settle() on a later turn; it must not settle inside the call. References
  /// must outlive the object.
  Supervision(fsm::EventLoop& loop, Launcher& launcher, config::SessionSpec spec, Sink& sink,
              std::function<void()> wake);

  // ---- phases ----
  void begin();
  /// From here on nothing starts; settle() until live() is 0.
  void end_all(const std::string& reason);
  /// Takes every step that can be taken now.
  void settle();
  /// Coprocesses with a life.
  [[nodiscard]] unsigned live() const { return set_.live(); }

  // ---- verbs: see SupervisorFsm ----
  void start(Coprocess& c, const std::string& cause);
  void stop(Coprocess& c, bool now);
  void restart(Coprocess& c, bool now);
  int signal(Coprocess& c, int signo);
  Changes reconfigure(config::SessionSpec spec);
  int write_stdin(Coprocess& c, std::string_view data);
  int rotate_output(Coprocess& c);
  void reopen_outputs();
  [[nodiscard]] std::map<std::string, RestartHistory> histories() const;
  void remember(const std::map<std::string, RestartHistory>& histories);

  // ---- views ----
  [[nodiscard]] const config::SessionSpec& spec() const { return spec_; }
  [[nodiscard]] const CoprocessSet& set() const { return set_; }
  /// REQUIRES: there is one of that name.
  [[nodiscard]] Coprocess& at(std::string_view name) const { return *set_.find(name); }
  [[nodiscard]] bool possible(const Coprocess& c, State target) const;
  /// See SupervisorFsm::cannot_start(); nullptr: none.
  [[nodiscard]] static const Coprocess* cannot_start(const Coprocess& c);

 private:
  void changed(Coprocess& c);
  void concern(Coprocess& c);
  /// `end`: of the life whose end is the cause.
  void set_state(Coprocess& c, State to, const std::string& cause, const LifeEnd* end = nullptr);
  // ---- what one coprocess may do now ----
  void advance(Coprocess& c);
  void advance_life(Coprocess& c);
  void advance_waiting(Coprocess& c);
  void begin_life(Coprocess& c);
  void begin_session_anew(Coprocess& c);
  void life_came_to(Coprocess& c, State state, const std::string& cause);
  /// Ring and file as the spec says now; also of one that runs.
  void set_up_output(Coprocess& c);
  void take_output(Coprocess& c, Stream stream, std::string_view bytes);
  void end_output(Coprocess& c);
  void wrote(Coprocess& c, const OutputLine& line);
  void end_life(Coprocess& c, const std::string& cause, bool now);
  void hurry_dependents(Coprocess& c);

  // ---- a life has ended ----
  void died(const Coprocess& c, const std::string& cause);
  void life_ended(Coprocess& c);
  void ended_by_itself(Coprocess& c, const LifeEnd& end);
  void back_off(Coprocess& c, fsm::Duration delay, const std::string& cause, const LifeEnd& end);
  void ended_well(const Coprocess& c, const std::string& cause);
  void fail(Coprocess& c, const std::string& reason, const LifeEnd& end);
  void give_up(Coprocess& c, const std::string& reason, const LifeEnd* end);

  // ---- between lives ----
  void wait_for_start(Coprocess& c, const std::string& cause);
  void rest(Coprocess& c, const std::string& cause);
  void start_one(Coprocess& c, const std::string& cause);
  /// REQUIRES: next_spec, no life.
  void take_over(Coprocess& c);
  void depart(Coprocess& c);
  /// After coprocesses left. True when there is more to settle.
  bool relink();

  fsm::EventLoop& loop_;
  Launcher& launcher_;
  config::SessionSpec spec_;
  Sink& sink_;
  const std::function<void()> wake_;
  std::deque<Coprocess*> queue_;
  std::minstd_rand random_{std::random_device{}()};
  std::uniform_real_distribution<double> luck_{0, 1};
  unsigned reconfigured_ = 0;  // how often
  bool closing_ = false;       // nothing starts any more
  bool relink_ = false;        // coprocesses left since the last link
  CoprocessSet set_{[this](Coprocess& c) { concern(c); }};
};

}  // namespace masterd::supervisor
