// fake_port -- keeps the answers that a CommandServer would have sent.
#pragma once

#include <string>
#include <vector>

#include "daemon/reply.h"

namespace masterd::test {

class FakePort final : public daemon::AnswerPort {
 public:
  void send(const daemon::Frames&, const boost::json::value& answer) override {
    answers.push_back(answer);
  }
  void opened(const std::string&) override { ++open_; }
  void closed(const std::string&) override { --open_; }
  [[nodiscard]] std::size_t open(const std::string&) const override { return open_; }

  /// data.reason of an answer; empty when it is a result.
  [[nodiscard]] static std::string reason(const boost::json::value& answer) {
    const auto* error = answer.as_object().if_contains("error");
    if (error == nullptr) return {};
    return error->at("data").at("reason").as_string().c_str();
  }

  std::vector<boost::json::value> answers;

 private:
  std::size_t open_ = 0;
};

}  // namespace masterd::test
