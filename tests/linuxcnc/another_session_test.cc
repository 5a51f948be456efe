// Two at once: a computer can hold one machine.
#include <gmock/gmock.h>

#include <future>

#include "tests/linuxcnc/machine_fixture.h"

namespace masterd::test {
namespace {

using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

class AnotherSessionTest : public MachineTest {
 protected:
  /// "ready", or "reason: message", or what came instead of an answer.
  static std::string ask_for(const std::string& endpoint, const std::string& config) {
    proto::Client client{endpoint};
    try {
      client.call("set_config", {{"config", config}, {"wait", "ready"}}, kLimit);
      return "ready";
    } catch (const proto::Refused& refusal) {
      return std::string{proto::reason_of(refusal.error)} + ": " + refusal.error.message;
    } catch (const std::exception& error) {
      return error.what();
    }
  }
  static bool answers(const std::string& endpoint) {
    try {
      proto::Client{endpoint}.call("ping", {});
      return true;
    } catch (const proto::NoDaemon&) {
      return false;
    }
  }
  /// The same machine by another name.
  std::string other_machine() const {
    std::string text = contents(ini());
    const std::string name = "masterd-mini";
    write("other.ini", text.replace(text.find(name), name.size(), "other"));
    return machine("other.ini");
  }
  void expect_one_machine() {
    for (const char* name : {"linuxcncsvr", "rtapi_app", "io", "halui", "milltask"}) {
      EXPECT_THAT(World::named(name), SizeIs(1)) << name;
    }
    expect_moves_to(1);
  }
};

TEST_F(AnotherSessionTest, ALiveOneOfAnotherMasterdIsToldAndGoesOnUnharmed) {
  start_masterd();
  bring_up();
  begin_slow_move();

  Plan plan = masterd_plan();
  const std::string endpoint = "ipc://" + folder().path("other.sock");
  *std::find(plan.argv.begin(), plan.argv.end(), control()) = endpoint;
  plan.err = folder().path("other.log");
  Program other{plan};
  ASSERT_TRUE(eventually([&] { return answers(endpoint); }));
  EXPECT_THAT(ask_for(endpoint, ini()), HasSubstr("another LinuxCNC session is alive"));
  other.signal(SIGTERM);
  EXPECT_EQ(other.wait(), 0);

  EXPECT_TRUE(axis().await_motion());
  EXPECT_THAT(history("session."), SizeIs(2)) << "starting, running";
  mover().stop();
  expect_one_machine();
}

TEST_F(AnotherSessionTest, OfTwoClientsThatPickTheSameBothGetIt) {
  start_masterd();
  auto first = std::async(std::launch::async, ask_for, control(), ini());
  auto second = std::async(std::launch::async, ask_for, control(), ini());
  EXPECT_EQ(first.get(), "ready");
  EXPECT_EQ(second.get(), "ready");
  expect_one_machine();
}

TEST_F(AnotherSessionTest, OfTwoThatPickDifferentOnesOneWinsAndTheOtherIsTold) {
  start_masterd();
  const std::string other = other_machine();
  auto first = std::async(std::launch::async, ask_for, control(), ini());
  auto second = std::async(std::launch::async, ask_for, control(), other);
  const std::vector<std::string> answers{first.get(), second.get()};
  EXPECT_THAT(answers, testing::UnorderedElementsAre("ready", StartsWith("superseded")));
  const std::string name = answers.front() == "ready" ? "masterd-mini" : "other";
  EXPECT_EQ(text_of(call("status").at("session").as_object(), "name"), name);
  expect_one_machine();
}

}  // namespace
}  // namespace masterd::test
