#include "fsm/event_loop.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <zmq.h>

#include <array>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace masterd::fsm {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error{errno, std::generic_category(), what};
}

class Fd {
 public:
  Fd(int fd, const char* what) : fd_{fd} {
    if (fd_ < 0) fail(what);
  }
  ~Fd() { ::close(fd_); }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

void epoll_add(int epoll, int fd, std::uint32_t events, std::uint64_t id) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
}

// Reads the count off an eventfd or timerfd. EAGAIN is no error: a level may be gone by now.
void drain_counter(int fd) {
  std::uint64_t count;
  while (::read(fd, &count, sizeof count) < 0 && errno == EINTR) {
  }
}

struct FdEntry {
  int fd;
  std::function<void(std::uint32_t)> handler;
};
struct SocketEntry {
  void* socket;
  short events;
  std::function<void(short)> handler;
};

class Post final : public Task {
 public:
  explicit Post(std::function<void()> fn) : fn_{std::move(fn)} {}
  void run() override {
    const std::unique_ptr<Post> self{this};
    fn_();
  }

 private:
  std::function<void()> fn_;
};

constexpr std::uint64_t kTimer = 0;
constexpr std::uint64_t kWakeUp = 1;
constexpr std::uint64_t kFirstId = 2;
constexpr std::size_t kReadyAtOnce = 256;  // epoll rotates its ready list: the rest comes next turn

}  // namespace

struct EventLoop::Impl {
  struct FdWatches final : WatchOwner {
    Impl& loop;
    explicit FdWatches(Impl& l) : loop{l} {}
    void end_watch(std::uint64_t id) override {
      const auto found = loop.fds.find(id);
      ::epoll_ctl(loop.epoll.get(), EPOLL_CTL_DEL, found->second->fd, nullptr);
      loop.fds.erase(found);
    }
  };
  struct SocketWatches final : WatchOwner {
    Impl& loop;
    explicit SocketWatches(Impl& l) : loop{l} {}
    void end_watch(std::uint64_t id) override {
      loop.host_forget(loop.sockets.at(id)->socket);
      loop.sockets.erase(id);
      loop.poll_set_changed = true;
    }
  };
  struct TimerWatches final : WatchOwner {
    Impl& loop;
    explicit TimerWatches(Impl& l) : loop{l} {}
    void end_watch(std::uint64_t id) override { loop.cancel(TimerId{id}); }
  };

  explicit Impl(const Clock& c) : clock{c} {
    epoll_add(epoll.get(), timer.get(), EPOLLIN, kTimer);
    epoll_add(epoll.get(), wake_up.get(), EPOLLIN, kWakeUp);
  }
  ~Impl() {
    tasks.clear_and_dispose([](Task* task) {
      if (auto* post = dynamic_cast<Post*>(task)) delete post;
    });
  }

  template <typename Fn>
  void guarded(const Fn& fn) const {
    if (!error_handler) return fn();
    try {
      fn();
    } catch (const std::exception& error) {
      error_handler(error);
    }
  }

  void take_foreign_posts() {
    std::vector<std::function<void()>> taken;
    {
      const std::lock_guard lock{foreign_mutex};
      taken.swap(foreign);
    }
    for (auto& fn : taken) tasks.push_back(*new Post{std::move(fn)});
  }

  /// Whether there were any.
  bool run_tasks() {
    take_foreign_posts();
    const bool any = !tasks.empty();
    TaskQueue turn;
    turn.splice(turn.end(), tasks);
    try {
      while (!turn.empty()) {
        Task& task = turn.front();
        turn.pop_front();
        guarded([&task] { task.run(); });
      }
    } catch (...) {  // no coroutine is below this frame; what is left keeps its place
      tasks.splice(tasks.begin(), turn);
      throw;
    }
    return any;
  }

  // The caller's timeout and the nearest deadline both become the timerfd's expiry.
  void set_timer(std::optional<Deadline> wanted, TimePoint now) {
    if (wanted == timer_set_for) return;
    itimerspec spec{};
    if (wanted) {
      const auto wait = std::max<Duration>(*wanted - now, Duration{1});  // 0 would disarm
      spec.it_value.tv_sec = wait.count() / 1'000'000'000;
      spec.it_value.tv_nsec = wait.count() % 1'000'000'000;
    }
    if (::timerfd_settime(timer.get(), 0, &spec, nullptr) != 0) fail("timerfd_settime");
    timer_set_for = wanted;
  }

  void rebuild_poll_set() {
    if (!std::exchange(poll_set_changed, false)) return;
    poll_set.assign(1, zmq_pollitem_t{nullptr, epoll.get(), ZMQ_POLLIN, 0});
    poll_ids.assign(1, 0);
    for (const auto& [id, entry] : sockets) {
      poll_set.push_back({entry->socket, 0, entry->events, 0});
      poll_ids.push_back(id);
    }
  }

  void turn(std::optional<Duration> timeout, bool waits_after_tasks) {
    assert(std::this_thread::get_id() == thread && "the loop belongs to another thread");
    assert(!in_turn && "a handler must not run the loop");
    struct Turn {
      Impl& loop;
      explicit Turn(Impl& l) : loop{l} {
        loop.in_turn = true;
        ++loop.turns;
      }
      ~Turn() {  // also when an exception leaves work behind
        loop.in_turn = false;
        loop.host_settle();
      }
    };
    const Turn this_turn{*this};
    const bool done_something = run_tasks();
    if (stop_requested || (done_something && !waits_after_tasks)) timeout = Duration::zero();
    poll(timeout);
    dispatch();
    guarded([this] { timers.fire(clock.now()); });
  }

  void poll(std::optional<Duration> timeout) {
    const bool no_wait = !tasks.empty() || timeout == Duration::zero();
    if (!no_wait) {
      const TimePoint now = clock.now();
      std::optional<Deadline> until = timers.next();
      if (timeout) {
        const Deadline limit = deadline_after(now, *timeout);
        if (!until || *until > limit) until = limit;
      }
      if (until && *until <= now) {
        set_timer(std::nullopt, now);
        wait(0);
        return;
      }
      set_timer(until, now);
    }
    wait(no_wait ? 0 : -1);
  }

  void wait(long milliseconds) {
    rebuild_poll_set();
    ready_fds.clear();
    ready_sockets.clear();
    const int count = ::zmq_poll(poll_set.data(), static_cast<int>(poll_set.size()), milliseconds);
    if (count < 0) {
      if (errno == EINTR) return;
      fail("zmq_poll");
    }
    if (count == 0) return;
    if (poll_set[0].revents != 0) collect_ready_fds();
    for (std::size_t i = 1; i < poll_set.size(); ++i) {
      if (poll_set[i].revents != 0) ready_sockets.emplace_back(poll_ids[i], poll_set[i].revents);
    }
  }

  void collect_ready_fds() {
    std::array<epoll_event, kReadyAtOnce> events;
    const int count = ::epoll_wait(epoll.get(), events.data(), kReadyAtOnce, 0);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      const std::uint64_t id = event.data.u64;  // a copy: the struct is packed, references misalign
      if (id == kTimer) {
        drain_counter(timer.get());
        timer_set_for.reset();
      } else if (id == kWakeUp) {
        drain_counter(wake_up.get());
      } else {
        ready_fds.emplace_back(id, std::uint32_t{event.events});
      }
    }
  }

  void dispatch() {
    for (const auto& [id, revents] : ready_fds) {
      const auto found = fds.find(id);
      if (found == fds.end()) continue;
      const auto entry = found->second;  // the handler may end its own watch
      guarded([&entry = *entry, revents = revents] { entry.handler(revents); });
    }
    for (const auto& [id, revents] : ready_sockets) {
      const auto found = sockets.find(id);
      if (found == sockets.end()) continue;
      const auto entry = found->second;
      guarded([&entry = *entry, revents = revents] { entry.handler(revents); });
    }
  }

  void wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_up.get(), &one, sizeof one);
  }

  // ---- a host's own poll: the epoll, plus the (edge-triggered) descriptors of the sockets ----
  void host_add(void* socket) const {
    if (host_epoll) epoll_add(host_epoll->get(), socket_fd(socket), EPOLLIN, 0);
  }
  void host_forget(void* socket) const {
    if (host_epoll) ::epoll_ctl(host_epoll->get(), EPOLL_CTL_DEL, socket_fd(socket), nullptr);
  }
  static int socket_fd(void* socket) {
    int fd = -1;
    std::size_t size = sizeof fd;
    if (::zmq_getsockopt(socket, ZMQ_FD, &fd, &size) != 0) fail("zmq_getsockopt(ZMQ_FD)");
    return fd;
  }
  // Keeps the host's descriptor truthful between turns: readable for what no descriptor tells,
  // and not for what was cancelled.
  void host_settle() {
    if (!host_epoll || in_turn) return;
    const TimePoint now = clock.now();
    bool work = !tasks.empty();
    {  // a post that came during the turn: its wake-up was drained with the others
      const std::lock_guard lock{foreign_mutex};
      work = work || !foreign.empty();
    }
    const auto until = timers.next();
    if (until && *until <= now) {
      work = true;
    } else {
      set_timer(until, now);
    }
    for (auto it = sockets.begin(); !work && it != sockets.end(); ++it) {
      int events = 0;
      std::size_t size = sizeof events;
      ::zmq_getsockopt(it->second->socket, ZMQ_EVENTS, &events, &size);
      work = (events & it->second->events) != 0;
    }
    if (work) wake();
  }

  void cancel(TimerId id) {
    timers.cancel(id);
    host_settle();
  }

  const Clock& clock;
  const std::thread::id thread = std::this_thread::get_id();
  const Fd epoll{::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"};
  const Fd timer{::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd_create"};
  const Fd wake_up{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd"};
  std::optional<Fd> host_epoll;  // engaged by the first fd()

  TaskQueue tasks;
  TimerQueue timers;
  std::optional<Deadline> timer_set_for;
  std::unordered_map<std::uint64_t, std::shared_ptr<FdEntry>> fds;
  std::unordered_map<std::uint64_t, std::shared_ptr<SocketEntry>> sockets;
  std::uint64_t next_id = kFirstId;
  FdWatches fd_watches{*this};
  SocketWatches socket_watches{*this};
  TimerWatches timer_watches{*this};

  std::vector<zmq_pollitem_t> poll_set;
  std::vector<std::uint64_t> poll_ids;
  bool poll_set_changed = true;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> ready_fds;
  std::vector<std::pair<std::uint64_t, short>> ready_sockets;

  std::mutex foreign_mutex;
  std::vector<std::function<void()>> foreign;  // posted by other threads
  std::atomic<bool> stop_requested = false;
  std::function<void(const std::exception&)> error_handler;
  std::uint64_t turns = 0;
  bool in_turn = false;
};

EventLoop::EventLoop(const Clock& clock) : clock_{clock}, impl_{std::make_unique<Impl>(clock)} {}
EventLoop::~EventLoop() = default;

void EventLoop::run() {
  while (!impl_->stop_requested.exchange(false)) impl_->turn(std::nullopt, true);
}

void EventLoop::run_once(std::optional<Duration> timeout) {
  // Who turns the loop by hand looks at what has changed after each turn. A wait after the task
  // that changed it would come between.
  impl_->turn(timeout, false);
}

void EventLoop::stop() {
  impl_->stop_requested = true;
  if (std::this_thread::get_id() != impl_->thread) impl_->wake();
}

void EventLoop::post(std::function<void()> fn) {
  if (std::this_thread::get_id() == impl_->thread) {
    schedule(*new Post{std::move(fn)});
    return;
  }
  {
    const std::lock_guard lock{impl_->foreign_mutex};
    impl_->foreign.push_back(std::move(fn));
  }
  impl_->wake();
}

void EventLoop::schedule(Task& task) {
  assert(std::this_thread::get_id() == impl_->thread && "the loop belongs to another thread");
  if (task.scheduled()) return;
  impl_->tasks.push_back(task);
  impl_->host_settle();
}

Watch EventLoop::watch_fd(int fd, std::uint32_t events,
                          std::function<void(std::uint32_t)> handler) {
  const std::uint64_t id = impl_->next_id++;
  epoll_add(impl_->epoll.get(), fd, events, id);
  impl_->fds.emplace(id, std::make_shared<FdEntry>(FdEntry{fd, std::move(handler)}));
  return Watch{impl_->fd_watches, id};
}

Watch EventLoop::watch_socket(void* socket, short events, std::function<void(short)> handler) {
  const std::uint64_t id = impl_->next_id++;
  impl_->host_add(socket);
  impl_->sockets.emplace(
      id, std::make_shared<SocketEntry>(SocketEntry{socket, events, std::move(handler)}));
  impl_->poll_set_changed = true;
  impl_->host_settle();  // for a message whose edge somebody has read already
  return Watch{impl_->socket_watches, id};
}

Watch EventLoop::at(Deadline deadline, std::function<void()> fn) {
  const TimerId id = arm(deadline, std::move(fn));
  return Watch{impl_->timer_watches, static_cast<std::uint64_t>(id)};
}

TimerId EventLoop::arm(Deadline deadline, std::function<void()> fn) {
  const TimerId id = impl_->timers.arm(deadline, std::move(fn));
  impl_->host_settle();
  return id;
}

void EventLoop::cancel(TimerId id) { impl_->cancel(id); }

void EventLoop::on_error(std::function<void(const std::exception&)> handler) {
  impl_->error_handler = std::move(handler);
}

int EventLoop::fd() {
  if (!impl_->host_epoll) {
    impl_->host_epoll.emplace(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    epoll_add(impl_->host_epoll->get(), impl_->epoll.get(), EPOLLIN, 0);
    for (const auto& [id, entry] : impl_->sockets) impl_->host_add(entry->socket);
    impl_->host_settle();
  }
  return impl_->host_epoll->get();
}

std::uint64_t EventLoop::turns() const { return impl_->turns; }

}  // namespace masterd::fsm
