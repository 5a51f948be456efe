// pending -- requests that are answered later.
//
//   add --> open --its names have a transition, next turn: decide()--> answered
//             \--deadline--> answered: timeout      \--close()--> answered
//
// A request is looked at only when something happened that it is about: a thousand open requests
// cost nothing while others change. decide() runs in a turn of its own, never inside a transition:
// the machines have settled by then. The first decide() comes in the turn after add(), when what
// the request's own verbs asked for has begun.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "daemon/reply.h"
#include "fsm/event_loop.h"
#include "proto/rpc.h"

namespace masterd::daemon {

using Answer = std::variant<boost::json::value, proto::Error>;

class SlowRequest {
 public:
  virtual ~SlowRequest() = default;
  /// What it is about: names of coprocesses, or kSessionName (daemon/history.h).
  [[nodiscard]] virtual std::vector<std::string> names() const = 0;
  /// Notes a transition that may be over before decide() is asked. Inside the transition: no more.
  virtual void saw(const std::string& name, std::string_view to) { (void)name, (void)to; }
  /// The answer, once there is one.
  virtual std::optional<Answer> decide() = 0;
  /// After a decide() without an answer: there is more to do, and it is to be asked again in the
  /// next turn.
  [[nodiscard]] virtual bool unfinished() const { return false; }
  /// Says what did not come in time.
  [[nodiscard]] virtual proto::Error timed_out() const = 0;
};

class Pending {
 public:
  static constexpr std::size_t kMaxOfClient = 64;

  /// `loop` must outlive the object.
  explicit Pending(fsm::EventLoop& loop);
  /// Whatever is open is answered -32603 by its Reply: call close() first.
  ~Pending();
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;

  /// Answers at once with too_many_pending when the client has kMaxOfClient open already.
  void add(Reply reply, std::unique_ptr<SlowRequest> request, fsm::Deadline deadline);
  /// `name` has come into the state `to`.
  void changed(const std::string& name, std::string_view to);
  /// Something else happened that any of them may be about: everything is looked at.
  void look_at_all();
  /// The last chance: each is decided, and those that still wait get `error`.
  void close(const proto::Error& error);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  using Id = std::uint64_t;
  struct Entry {
    Reply reply;
    std::unique_ptr<SlowRequest> request;
    fsm::Watch deadline;
  };
  class Look final : public fsm::Task {
   public:
    explicit Look(Pending& pending) : pending_{pending} {}
    void run() override { pending_.decide_dirty(); }

   private:
    Pending& pending_;
  };

  void decide_dirty();
  void answer(Id id, const Answer& answer);

  fsm::EventLoop& loop_;
  std::map<Id, Entry> entries_;
  std::multimap<std::string, Id> by_name_;
  std::set<Id> dirty_;
  Id next_id_ = 1;
  Look look_{*this};
};

}  // namespace masterd::daemon
