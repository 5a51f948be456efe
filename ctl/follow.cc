#include "ctl/follow.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

#include "ctl/exit_code.h"
#include "ctl/render.h"
#include "ctl/request.h"
#include "proto/client.h"
#include "proto/event.h"
#include "proto/subscriber.h"

namespace masterd::ctl {
namespace {

namespace json = boost::json;

/// SIGINT and SIGTERM as a descriptor, so that an interruption can't fall between a check and a
/// wait. To be made before the first ZeroMQ socket: libzmq's threads block all signals, but only
/// when they get to run (src/thread.cpp), and one that does not inherit the mask would take the
/// signal and end the program.
class StopSignals {
 public:
  StopSignals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, &before_);
    fd_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd_ < 0) throw Failure{kFailed, "cannot watch for signals"};
  }
  ~StopSignals() {
    signalfd_siginfo taken;  // or it would end the program as soon as it is unblocked
    while (read(fd_, &taken, sizeof taken) > 0) {
    }
    close(fd_);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_ = -1;
  sigset_t before_{};
};

/// Calls `show` for each event until interrupted, and says what was missed.
template <class Show>
void follow(proto::Subscriber& subscriber, const Streams& io, int stop_fd, const Show& show) {
  while (const auto event = subscriber.next(std::nullopt, stop_fd)) {
    if (event->missed != 0) {
      io.complain(fmt::format("missed {} events of {}", event->missed, event->topic));
    }
    show(*event);
  }
}

/// A log event in the shape that `logs` gives its lines.
json::object as_line(const json::object& params) {
  json::object line;
  for (const auto& [from, to] :
       {std::pair{"line_seq", "seq"}, {"time", "time"}, {"stream", "stream"}, {"text", "text"}}) {
    if (const auto* value = params.if_contains(from)) line[to] = *value;
  }
  return line;
}

std::uint64_t seq_of(const json::value& line) {
  const auto* object = line.if_object();
  const auto* seq = object == nullptr ? nullptr : object->if_contains("seq");
  boost::system::error_code failure;
  const auto n = seq == nullptr ? 0 : seq->to_number<std::uint64_t>(failure);
  return failure ? 0 : n;
}

}  // namespace

void follow_events(const std::string& endpoint, const Invocation& in, const Streams& io) {
  const StopSignals signals;
  proto::Client client{endpoint};
  proto::Subscriber subscriber{client.events_endpoint(answer_timeout(in)), in.names};
  follow(subscriber, io, io.stop_fd < 0 ? signals.fd() : io.stop_fd,
         [&](const proto::Event& event) {
           io.print(in.json ? proto::encode(event.params) + "\n"
                            : render_event(event.params, io.colours));
         });
}

void follow_logs(const std::string& endpoint, const Invocation& in, const Streams& io) {
  const StopSignals signals;
  proto::Client client{endpoint};
  const auto show = [&](const json::object& line) {
    io.print(in.json ? proto::encode(line) + "\n" : render_log_line(line));
  };
  proto::Subscriber subscriber{client.events_endpoint(answer_timeout(in)),
                               {proto::log_topic(in.name)}};
  subscriber.confirm(std::chrono::steady_clock::now() + answer_timeout(in));

  const WireRequest request = make_wire_request(in, io.in, {});
  const json::value past = client.call(request.method, request.params, request.timeout);
  std::uint64_t shown = 0;
  const auto* object = past.if_object();
  const auto* lines = object == nullptr ? nullptr : object->if_contains("lines");
  if (lines != nullptr && lines->is_array()) {
    for (const json::value& line : lines->get_array()) {
      if (!line.is_object()) continue;
      show(line.get_object());
      shown = seq_of(line);
    }
  }
  follow(subscriber, io, io.stop_fd < 0 ? signals.fd() : io.stop_fd,
         [&](const proto::Event& event) {
           const json::object line = as_line(event.params);
           // Only what was published before `logs` was answered can be in both; from the first new
           // line on a smaller number is another session's.
           if (shown != 0 && seq_of(line) <= shown) return;
           shown = 0;
           show(line);
         });
}

}  // namespace masterd::ctl
