#include "supervisor/exit_status.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

#include "supervisor/spawn_error.h"

namespace masterd::supervisor {
namespace {

TEST(ExitStatus, AnExitCodeIsKept) {
  for (const int code : {0, 1, 127, 255}) {
    const ExitStatus status = ExitStatus::from_siginfo(CLD_EXITED, code);
    EXPECT_EQ(status, (ExitStatus{ExitStatus::Kind::Exited, code, false}));
    EXPECT_EQ(status.success(), code == 0);
    EXPECT_EQ(status.to_string(), "exited with " + std::to_string(code));
  }
}

TEST(ExitStatus, ADeathBySignalIsNoSuccessAndNamesTheSignal) {
  const ExitStatus status = ExitStatus::from_siginfo(CLD_KILLED, SIGKILL);
  EXPECT_EQ(status, (ExitStatus{ExitStatus::Kind::Signalled, SIGKILL, false}));
  EXPECT_FALSE(status.success());
  EXPECT_EQ(status.to_string(), "killed by SIGKILL");
}

TEST(ExitStatus, ADumpedCoreIsTold) {
  const ExitStatus status = ExitStatus::from_siginfo(CLD_DUMPED, SIGSEGV);
  EXPECT_EQ(status, (ExitStatus{ExitStatus::Kind::Signalled, SIGSEGV, true}));
  EXPECT_EQ(status.to_string(), "killed by SIGSEGV (core dumped)");
}

TEST(ExitStatus, ALostStatusIsNoSuccess) {
  EXPECT_FALSE(ExitStatus::lost().success());
  EXPECT_EQ(ExitStatus::lost().to_string(), "ended with an unknown status");
}

TEST(SpawnError, SaysTheStageTheObjectAndTheErrno) {
  const SpawnError error{SpawnStage::Exec, "/usr/bin/x", ENOENT};
  EXPECT_STREQ(error.what(), "exec /usr/bin/x: No such file or directory (ENOENT)");
  EXPECT_EQ(error.stage(), SpawnStage::Exec);
  EXPECT_EQ(error.error(), ENOENT);
}

TEST(SpawnError, WithoutAnObjectNothingIsInItsPlace) {
  EXPECT_STREQ((SpawnError{SpawnStage::Pipe, "", EMFILE}.what()),
               "pipe: Too many open files (EMFILE)");
}

TEST(SpawnError, ANumberThatIsNoErrnoIsShown) {
  EXPECT_STREQ((SpawnError{SpawnStage::Fork, "", 9999}.what()), "fork: unknown error (9999)");
}

}  // namespace
}  // namespace masterd::supervisor
