// run_coprocess -- one coprocess from start to end, without a daemon: `sleep 60` is asked to end at
// 3 s, asked again at 5 s, and everything is shut down at 6 s. With --deaf the child ignores
// SIGTERM, so that the second request and the shutdown find a stop under way: the grace period is
// not begun anew, and SIGKILL comes 5 s after the first request.
//
//   run_coprocess [--deaf]
//
// Prints each transition with its time and ends with 0.

#include <cstdio>
#include <string>
#include <string_view>

#include "config/spec.h"
#include "fsm/event_loop.h"
#include "supervisor/child.h"
#include "supervisor/coprocess_fsm.h"
#include "supervisor/exit_source.h"

using masterd::fsm::Deadline;
using masterd::fsm::EventLoop;
using masterd::supervisor::CoprocessFsm;
using namespace std::chrono_literals;

namespace {

masterd::config::CoprocessSpec sleeper(bool deaf) {
  masterd::config::CoprocessSpec spec;
  spec.name = deaf ? "deaf-sleeper" : "sleeper";
  spec.command = {"sleep", "60"};
  if (deaf) spec.command = {"sh", "-c", "trap '' TERM; exec sleep 60"};
  spec.cwd = "/";
  return spec;
}

}  // namespace

int main(int argc, char** argv) {
  const bool deaf = argc > 1 && std::string_view{argv[1]} == "--deaf";
  if (argc > (deaf ? 2 : 1)) {
    std::fprintf(stderr, "usage: run_coprocess [--deaf]\n");
    return 2;
  }
  const masterd::fsm::SteadyClock clock;
  EventLoop loop{clock};
  const Deadline begin = loop.now();
  const auto say = [&](const std::string& what) {
    const std::chrono::duration<double> t = loop.now() - begin;
    std::printf("[%6.3f] %s\n", t.count(), what.c_str());
    std::fflush(stdout);
  };

  const auto spec = sleeper(deaf);
  const auto exits = masterd::supervisor::make_pidfd_exits(loop);
  masterd::supervisor::ChildLauncher launcher{loop, *exits};
  CoprocessFsm coprocess{
      loop, launcher, spec,
      [&](masterd::supervisor::State state, const std::string& cause) {
        say(spec.name + ": " + std::string{to_string(state)} + " (" + cause + ")");
      },
      [](masterd::supervisor::Stream, std::string_view) {}};
  coprocess.on_end([&] {
    const auto& end = coprocess.end();
    say(spec.name + ": " + (end.status ? end.status->to_string() : end.detail));
    loop.stop();
  });

  const auto first = loop.at(begin + 3s, [&] {
    say("SIGTERM");
    coprocess.shutdown("SIGTERM");
  });
  const auto second = loop.at(begin + 5s, [&] {
    say(coprocess.ended() ? "SIGTERM: it has ended" : "SIGTERM: already in progress");
    coprocess.shutdown("SIGTERM");
  });
  const auto last = loop.at(begin + 6s, [&] {
    say(coprocess.ended() ? "shutdown: nothing left to do" : "shutdown: already in progress");
    coprocess.shutdown("shutdown");
  });
  coprocess.start();
  loop.run();
  while (loop.now() < begin + 6s)
    loop.run_once();  // the demo's later events, whatever the child did
  return coprocess.end().how == masterd::supervisor::LifeEnd::How::Ended ? 0 : 1;
}
