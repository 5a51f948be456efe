// masterd_session -- the daemon's own machines without a wire: DaemonFsm waits for a configuration
// (a hook runs each second meanwhile), gets one after 3 s, brings its two stages up, and is shut
// down after 6 s: app first, then rt, then the loop.
//
//   masterd_session
//
// Prints each transition with its time and ends with 0.

#include <cstdio>
#include <string>

#include "config/load.h"
#include "daemon/daemon_fsm.h"
#include "daemon/log.h"
#include "daemon/observer.h"
#include "fsm/event_loop.h"
#include "supervisor/child.h"
#include "supervisor/exit_source.h"

using masterd::fsm::Deadline;
using masterd::fsm::EventLoop;
using namespace std::chrono_literals;

namespace {

constexpr const char* kSession = R"(
[session]
name = "demo"
[group.app]
requires = ["rt"]
[coprocess.rt]
command = ["sh", "-c", "echo realtime up; exec sleep 60"]
[coprocess.display]
group = "app"
command = ["sh", "-c", "echo display up; exec sleep 60"]
)";

class Printer final : public masterd::daemon::Observer {
 public:
  explicit Printer(EventLoop& loop) : loop_{loop}, begin_{loop.now()} {}

  void say(const std::string& what) const {
    const std::chrono::duration<double> t = loop_.now() - begin_;
    std::printf("[%6.3f] %s\n", t.count(), what.c_str());
    std::fflush(stdout);
  }
  void session_changed(const masterd::daemon::SessionChange& change) override {
    say("session " + change.session + ": " + std::string{to_string(change.from)} + " -> " +
        std::string{to_string(change.to)} + " (" + change.cause + ")");
  }
  void coprocess_changed(const masterd::supervisor::Transition& change) override {
    say("  " + change.name + ": " + std::string{to_string(change.from)} + " -> " +
        std::string{to_string(change.to)} + " (" + change.cause + ")");
  }
  void coprocess_wrote(const std::string& name, const masterd::supervisor::OutputLine& line,
                       bool) override {
    say("  " + name + " says: " + line.text);
  }

 private:
  EventLoop& loop_;
  const Deadline begin_;
};

}  // namespace

int main() {
  const auto loaded = masterd::config::load_text(kSession, "demo.toml", "/");
  const auto* spec = std::get_if<masterd::config::SessionSpec>(&loaded);
  if (spec == nullptr) return 1;

  const masterd::fsm::SteadyClock clock;
  EventLoop loop{clock};
  Printer printer{loop};
  masterd::daemon::Log log{"warning", masterd::daemon::LogFormat::Text};
  const auto exits = masterd::supervisor::make_sigchld_exits(loop);
  masterd::supervisor::ChildLauncher launcher{loop, *exits};
  masterd::daemon::DaemonFsm daemon{loop, launcher, {{"true"}, 1s}, printer, log};

  const auto pick = loop.at(loop.now() + 3s, [&] {
    printer.say("set_config");
    daemon.pick(*spec);
  });
  const auto end = loop.at(loop.now() + 6s, [&] {
    printer.say("shutdown");
    daemon.shutdown("the demo is over");
  });
  printer.say("waiting for a configuration");
  daemon.start();
  loop.run();
  printer.say("the loop has stopped");
  return daemon.ended() ? 0 : 1;
}
