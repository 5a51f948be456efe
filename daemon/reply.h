// reply -- the duty to answer one request, now or later.
//
//   Exchange (one message) --expect--> Reply (one request) --result/error--> answered
//                                                        \--destroyed------> answered: -32603
//
// Whatever has an answer due gets one: a Reply that is dropped answers by itself. The answers of a
// batch are collected, late ones too, and leave as one array when the last is in. A notification
// has a Reply as well, whose answer goes nowhere. Replies may outlive the server: then they do
// nothing.
#pragma once

#include <boost/json.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/envelope.h"
#include "proto/rpc.h"

namespace masterd::daemon {

/// Who sends complete answers and counts what each client has open. Owner: CommandServer.
class AnswerPort {
 public:
  virtual ~AnswerPort() = default;
  virtual void send(const Frames& envelope, const boost::json::value& answer) = 0;
  /// One more, one less request of `client` is unanswered.
  virtual void opened(const std::string& client) = 0;
  virtual void closed(const std::string& client) = 0;
  [[nodiscard]] virtual std::size_t open(const std::string& client) const = 0;
};

/// The answers to one message. Shared by its Replies.
class Exchange {
 public:
  Exchange(std::weak_ptr<AnswerPort> port, Frames envelope, bool batch);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// A place in the answer; all are taken before the first is filled. Returns its number.
  std::size_t take_place();
  /// Sends when it was the last place that was empty.
  void fill(std::size_t place, boost::json::value answer);

 private:
  friend class Reply;
  const std::weak_ptr<AnswerPort> port_;
  const Frames envelope_;
  const bool batch_;
  std::vector<boost::json::value> answers_;
  std::size_t missing_ = 0;
};

class Reply {
 public:
  /// nullopt: a notification.
  Reply(std::shared_ptr<Exchange> exchange, std::optional<proto::Id> id);
  Reply(Reply&&) noexcept = default;
  Reply& operator=(Reply&& other) noexcept;
  ~Reply();

  /// Answers; a second answer is ignored.
  void result(boost::json::value value);
  void error(const proto::Error& error);
  [[nodiscard]] bool answered() const { return exchange_ == nullptr; }
  /// How many requests of the same client are unanswered, this one included.
  [[nodiscard]] std::size_t open_of_client() const;

 private:
  void answer(boost::json::value value);

  std::shared_ptr<Exchange> exchange_;  // engaged until answered
  std::optional<proto::Id> id_;
  std::size_t place_ = 0;
};

}  // namespace masterd::daemon
