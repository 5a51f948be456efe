// Coprocesses without a life of their own (restart.scope = "session"): whatever starts one again
// asks for the whole session again.
#include "tests/supervisor/supervisor_fixture.h"

namespace masterd::supervisor {
namespace {

config::CoprocessSpec bound(config::CoprocessSpec spec) {
  spec.restart.scope = config::RestartSpec::Scope::Session;
  return spec;
}

class SupervisorAnewTest : public SupervisorFixture {
 protected:
  void stop(const std::string& name) {
    supervisor->stop_coprocess(name, false);
    settle();
  }
  void start(const std::string& name) {
    supervisor->start_coprocess(name);
    settle();
  }
  void restart(const std::string& name) {
    supervisor->restart_coprocess(name, false);
    settle();
  }
};

TEST_F(SupervisorAnewTest, ARestartByHandAsksForAnotherSessionAndTouchesNothing) {
  run(session({bound(coprocess("a")), coprocess("b", {"a"})}));
  restart("a");
  EXPECT_THAT(sink.ends, ElementsAre("restart-session in 0 ms: a: restart requested"));
  EXPECT_EQ(states(), "a=running b=running");
  EXPECT_EQ(launcher.launches, 2);
}

TEST_F(SupervisorAnewTest, SoDoesThatOfOneThatWasStoppedOrHasEnded) {
  run(session({bound(coprocess("a")), bound(coprocess("b"))}));
  stop("a");
  dies("b", 0);
  restart("a");
  restart("b");
  EXPECT_THAT(sink.ends, ElementsAre("restart-session in 0 ms: a: restart requested",
                                     "restart-session in 0 ms: b: restart requested"));
  EXPECT_EQ(states(), "a=stopped b=exited");
}

TEST_F(SupervisorAnewTest, ItsFirstLifeMayBeginInTheMiddleOfASession) {
  config::CoprocessSpec failing = coprocess("a");
  failing.kind = config::Kind::Oneshot;
  run(session({failing, bound(coprocess("b", {"a"}))}));
  dies("a");
  EXPECT_EQ(states(), "a=failed b=failed");
  EXPECT_EQ(supervisor->cannot_start("b"), std::nullopt);
  restart("b");
  dies("a", 0);
  EXPECT_EQ(states(), "a=exited b=running");
  EXPECT_THAT(sink.ends, IsEmpty());
}

TEST_F(SupervisorAnewTest, OneThatWasUpCannotBeStarted) {
  run(session(
      {bound(coprocess("a")), bound(coprocess("b")), bound(coprocess("c")), coprocess("d")}));
  EXPECT_EQ(supervisor->cannot_start("a"), std::nullopt) << "it runs: nothing is to be done";
  stop("a");
  dies("b", 0);
  dies("c", 1);
  stop("d");
  EXPECT_EQ(supervisor->cannot_start("a"), "a");
  EXPECT_EQ(supervisor->cannot_start("b"), "b");
  EXPECT_EQ(supervisor->cannot_start("c"), "c");
  EXPECT_EQ(supervisor->cannot_start("d"), std::nullopt) << "it has a life of its own";
}

TEST_F(SupervisorAnewTest, NorOneThatIsStoppingStill) {
  launcher.deaf = true;
  run(session({bound(coprocess("a"))}));
  stop("a");
  EXPECT_EQ(state("a"), State::Stopping);
  EXPECT_EQ(supervisor->cannot_start("a"), "a");
}

TEST_F(SupervisorAnewTest, NorWhatRequiresItAtAnyDistance) {
  run(session({bound(coprocess("a")), coprocess("b", {"a"}), coprocess("c", {"b"})}));
  stop("c");
  EXPECT_EQ(supervisor->cannot_start("c"), std::nullopt);
  stop("a");
  EXPECT_EQ(supervisor->cannot_start("c"), "a");
  EXPECT_EQ(supervisor->cannot_start("b"), "a");
}

TEST_F(SupervisorAnewTest, AFinishedOneshotIsUp) {
  config::CoprocessSpec once = bound(coprocess("a"));
  once.kind = config::Kind::Oneshot;
  run(session({once, coprocess("b", {"a"})}));
  dies("a", 0);
  stop("b");
  EXPECT_EQ(supervisor->cannot_start("b"), std::nullopt);
  start("b");
  EXPECT_EQ(states(), "a=exited b=running");
  EXPECT_THAT(sink.ends, IsEmpty());
}

TEST_F(SupervisorAnewTest, OneThatWouldFollowWhatItRequiresAsksWhenItsTurnHasCome) {
  run(session({coprocess("a"), bound(coprocess("b", {"a"}))}));
  restart("a");
  EXPECT_THAT(sink.ends, ElementsAre("restart-session in 0 ms: b: requirement a is not ready"));
  EXPECT_EQ(states(), "a=running b=failed");
  EXPECT_EQ(reason("b"), "it cannot be started again alone");
  EXPECT_EQ(sink.cause("b"), "it cannot be started again alone; the session restarts");
  EXPECT_EQ(launcher.launches, 3);
}

TEST_F(SupervisorAnewTest, OneThatChangesInPlaceAsksToo) {
  run(session({bound(coprocess("a")), coprocess("b")}));
  const Changes changes =
      supervisor->reconfigure(session({bound(with_command(coprocess("a"), "-v")), coprocess("b")}));
  settle();
  EXPECT_TRUE(changes.anew);
  EXPECT_THAT(sink.ends, ElementsAre("restart-session in 0 ms: a: configuration changed"));
  EXPECT_EQ(launcher.launches, 2);
}

TEST_F(SupervisorAnewTest, ItsEndWithTheSessionAsksForNothing) {
  run(session({coprocess("a"), bound(coprocess("b", {"a"}))}));
  supervisor->shutdown("test");
  settle();
  EXPECT_TRUE(over);
  EXPECT_THAT(sink.ends, IsEmpty());
}

}  // namespace
}  // namespace masterd::supervisor
