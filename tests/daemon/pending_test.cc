#include "daemon/pending.h"

#include <gmock/gmock.h>

#include "tests/daemon/fake_port.h"
#include "tests/support/manual_clock.h"

namespace masterd::daemon {
namespace {

using test::FakePort;
using testing::ElementsAre;
using testing::IsEmpty;
namespace json = boost::json;

/// What the test decides.
struct Script {
  std::optional<Answer> answer;
  int looked = 0;
  std::vector<std::string> seen;
};

class ScriptedRequest final : public SlowRequest {
 public:
  ScriptedRequest(Script& script, std::vector<std::string> names)
      : script_{script}, names_{std::move(names)} {}
  [[nodiscard]] std::vector<std::string> names() const override { return names_; }
  void saw(const std::string& name, std::string_view to) override {
    script_.seen.push_back(name + " " + std::string{to});
  }
  std::optional<Answer> decide() override {
    ++script_.looked;
    return script_.answer;
  }
  [[nodiscard]] proto::Error timed_out() const override {
    return proto::application_error("timeout", "too late");
  }

 private:
  Script& script_;
  std::vector<std::string> names_;
};

class PendingTest : public testing::Test {
 protected:
  void add(Script& script, std::vector<std::string> names = {"a"},
           fsm::Duration timeout = std::chrono::seconds{60}) {
    Reply reply{std::make_shared<Exchange>(port_, Frames{"client"}, false), proto::Id{1}};
    pending_.add(std::move(reply), std::make_unique<ScriptedRequest>(script, std::move(names)),
                 loop_.now() + timeout);
  }
  void turn() { loop_.run_once(fsm::Duration::zero()); }
  [[nodiscard]] std::string reason(std::size_t answer) const {
    return FakePort::reason(port_->answers.at(answer));
  }

  test::ManualClock clock_;
  fsm::EventLoop loop_{clock_};
  std::shared_ptr<FakePort> port_ = std::make_shared<FakePort>();
  Pending pending_{loop_};
};

TEST_F(PendingTest, WhatIsTrueAlreadyIsAnsweredInTheNextTurn) {
  Script script;
  script.answer = json::value("yes");
  add(script);
  EXPECT_THAT(port_->answers, IsEmpty());
  turn();
  ASSERT_EQ(port_->answers.size(), 1U);
  EXPECT_EQ(port_->answers[0].at("result"), "yes");
  EXPECT_EQ(pending_.size(), 0U);
}

TEST_F(PendingTest, OnlyRequestsAboutTheNameAreLookedAt) {
  Script about_a;
  Script about_b;
  add(about_a, {"a", "c"});
  add(about_b, {"b"});
  turn();
  pending_.changed("c", "running");
  turn();
  EXPECT_EQ(about_a.looked, 2);
  EXPECT_EQ(about_b.looked, 1);
  EXPECT_THAT(about_a.seen, ElementsAre("c running"));
  EXPECT_THAT(about_b.seen, IsEmpty());
}

TEST_F(PendingTest, SeveralTransitionsInOneTurnAreOneLook) {
  Script script;
  add(script);
  turn();
  pending_.changed("a", "starting");
  pending_.changed("a", "running");
  EXPECT_EQ(script.looked, 1);
  turn();
  EXPECT_EQ(script.looked, 2);
  EXPECT_THAT(script.seen, ElementsAre("a starting", "a running"));
}

TEST_F(PendingTest, DeadlineAnswersTimeoutOnce) {
  Script script;
  add(script, {"a"}, std::chrono::seconds{5});
  turn();
  clock_.advance(std::chrono::seconds{5});
  turn();
  ASSERT_EQ(port_->answers.size(), 1U);
  EXPECT_EQ(reason(0), "timeout");
  pending_.changed("a", "running");
  turn();
  EXPECT_EQ(port_->answers.size(), 1U);
}

TEST_F(PendingTest, WhatCameInTheTurnOfTheDeadlineCounts) {
  Script script;
  add(script, {"a"}, std::chrono::seconds{5});
  turn();
  script.answer = json::value("just");
  clock_.advance(std::chrono::seconds{5});
  turn();
  ASSERT_EQ(port_->answers.size(), 1U);
  EXPECT_EQ(port_->answers[0].at("result"), "just");
}

TEST_F(PendingTest, ClientWithTooManyIsRefusedTheNextOne) {
  std::vector<Script> scripts(Pending::kMaxOfClient + 1);
  for (Script& script : scripts) add(script);
  ASSERT_EQ(port_->answers.size(), 1U);
  EXPECT_EQ(reason(0), "too_many_pending");
  EXPECT_EQ(pending_.size(), Pending::kMaxOfClient);
}

TEST_F(PendingTest, CloseDecidesOnceMoreAndAnswersTheRest) {
  Script ready;
  Script open;
  add(ready);
  add(open);
  turn();
  ready.answer = json::value("yes");
  pending_.close(proto::application_error("shutting_down", "the daemon has ended"));
  ASSERT_EQ(port_->answers.size(), 2U);
  EXPECT_EQ(port_->answers[0].at("result"), "yes");
  EXPECT_EQ(reason(1), "shutting_down");
}

TEST_F(PendingTest, LookAtAllLooksAtEverything) {
  Script a;
  Script b;
  add(a, {"a"});
  add(b, {"b"});
  turn();
  pending_.look_at_all();
  turn();
  EXPECT_EQ(a.looked, 2);
  EXPECT_EQ(b.looked, 2);
}

TEST_F(PendingTest, NameListedTwiceIsTakenOffOnce) {
  Script script;
  add(script, {"a", "a"});
  script.answer = json::value(1);
  turn();
  EXPECT_EQ(pending_.size(), 0U);
  pending_.changed("a", "running");  // must not find what is gone
  turn();
  EXPECT_EQ(port_->answers.size(), 1U);
}

}  // namespace
}  // namespace masterd::daemon
