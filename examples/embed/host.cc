// host -- a program with a life of its own that also supervises coprocesses. It has
//
//   - its own zmq_poll over a socket of its own; the loop is one more descriptor in it,
//   - its own threads, which start and wait for children of their own,
//   - its own handler of SIGCHLD,
//   - a machine of its own, beside those of the library.
//
// None of this is touched: at its end it says what it has seen, and fails if anything is missing.
#include <spawn.h>
#include <sys/wait.h>
#include <zmq.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "fsm/mealy_coroutine.h"
#include "session.h"

extern char** environ;

namespace {

using namespace std::chrono_literals;
using masterd::fsm::EventLoop;
using masterd::fsm::MealyCoroutine;
using masterd::supervisor::State;

// The smallest stack: a server, and a worker that needs it and is restarted when it dies.
constexpr const char* kSession = R"(
[coprocess.server]
command = ["sh", "-c", "echo listening; exec sleep 1000"]
ready = { output = "^listening" }
[coprocess.worker]
command = ["sh", "-c", "echo working; exec sleep 1000"]
requires = ["server"]
ready = { output = "^working" }
restart = { policy = "always", delay = "10ms" }
)";

std::atomic<int> sigchlds{0};
void on_sigchld(int) { ++sigchlds; }

/// A child that ends with `code`, and what waitpid says of it: the thread's own business.
int run_child(int code) {
  const std::string script = "exit " + std::to_string(code);
  const char* argv[] = {"sh", "-c", script.c_str(), nullptr};
  pid_t pid = 0;
  if (posix_spawnp(&pid, "sh", nullptr, nullptr, const_cast<char**>(argv), environ) != 0) return -1;
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return -1;  // ECHILD: somebody has taken it
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// A machine of the host: kills the worker once it runs, and knows when it is there again.
class Mischief final : public MealyCoroutine {
 public:
  Mischief(EventLoop& loop, masterd::supervisor::SupervisorFsm& supervisor)
      : MealyCoroutine{loop, "mischief"}, supervisor_{supervisor} {}
  ~Mischief() override { unwind(); }

  void look() { resume(); }
  [[nodiscard]] bool satisfied() const { return satisfied_; }

 private:
  void state_machine() override {
    while (!supervisor_.all_ready()) yield();
    const auto before = supervisor_.view("worker").pid;
    std::printf("machine: all are ready, kills the worker\n");
    kill(*before, SIGKILL);
    while (supervisor_.view("worker").pid == before || !supervisor_.all_ready()) yield();
    wait_for(20ms);  // time is told by the loop, too
    std::printf("machine: it is back\n");
    satisfied_ = true;
  }

  masterd::supervisor::SupervisorFsm& supervisor_;
  bool satisfied_ = false;
};

}  // namespace

int main() {
  struct sigaction mine {};
  mine.sa_handler = on_sigchld;
  sigaction(SIGCHLD, &mine, nullptr);

  std::atomic<bool> go_on{true};
  std::atomic<int> own_children{0};
  std::atomic<int> stolen{0};
  std::vector<std::thread> threads;
  for (int code : {3, 7}) {
    threads.emplace_back([&, code] {
      while (go_on) ++(run_child(code) == code ? own_children : stolen);
    });
  }

  void* context = zmq_ctx_new();
  void* door = zmq_socket(context, ZMQ_REP);
  zmq_bind(door, "inproc://door");
  void* visitor = zmq_socket(context, ZMQ_REQ);
  zmq_connect(visitor, "inproc://door");
  zmq_send(visitor, "knock", 5, 0);
  int knocks = 0;

  const masterd::fsm::SteadyClock clock;
  EventLoop loop{clock};
  bool done = false;
  {
    Session session{loop, kSession};
    Mischief mischief{loop, session.supervisor};
    session.report.changed = [&](const masterd::supervisor::Transition& change) {
      std::printf("%s: %s -> %s (%s)\n", change.name.c_str(),
                  std::string{to_string(change.from)}.c_str(),
                  std::string{to_string(change.to)}.c_str(), change.cause.c_str());
      mischief.look();
    };
    session.report.wrote = [](const std::string& name, const std::string& text) {
      std::printf("%s wrote: %s\n", name.c_str(), text.c_str());
    };
    session.supervisor.on_end([&] { done = true; });
    mischief.on_end([&] { session.supervisor.shutdown("the host has seen enough"); });
    session.supervisor.start();
    mischief.start();

    while (!done) {
      zmq_pollitem_t items[] = {{door, 0, ZMQ_POLLIN, 0}, {nullptr, loop.fd(), ZMQ_POLLIN, 0}};
      if (zmq_poll(items, 2, -1) < 0 && errno != EINTR) break;
      if ((items[0].revents & ZMQ_POLLIN) != 0) {
        char text[16];
        zmq_recv(door, text, sizeof text, 0);
        zmq_send(door, "hello", 5, 0);
        zmq_recv(visitor, text, sizeof text, 0);
        if (++knocks < 100) zmq_send(visitor, "knock", 5, 0);
      }
      loop.run_once(0ns);
    }
    done = done && mischief.satisfied();
    session.report.changed = [](const auto&) {};  // the machine goes before the session
  }

  go_on = false;
  for (std::thread& thread : threads) thread.join();
  zmq_close(visitor);
  zmq_close(door);
  zmq_ctx_term(context);

  struct sigaction now {};
  sigaction(SIGCHLD, nullptr, &now);
  const bool handler_kept = now.sa_handler == on_sigchld;
  const bool childless = waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD;
  std::printf("host: %s, %d own children waited for, %d stolen, handler %s (%s), %d knocks, %s\n",
              done ? "the session ran and ended" : "the session went wrong", own_children.load(),
              stolen.load(), handler_kept ? "kept" : "lost",
              sigchlds > 0 ? "called" : "never called", knocks,
              childless ? "no child left" : "a child is left");
  return done && own_children > 0 && stolen == 0 && handler_kept && sigchlds > 0 && knocks == 100 &&
                 childless
             ? 0
             : 1;
}
