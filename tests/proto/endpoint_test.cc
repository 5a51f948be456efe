#include "proto/endpoint.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

namespace masterd::proto {
namespace {

/// Runs `check` in a child process, whose environment and user are its own.
bool in_private_process(const std::function<bool()>& check) {
  const pid_t pid = fork();
  if (pid == 0) _exit(check() ? 0 : 1);
  int status = 0;
  return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(Endpoint, TheVariableWins) {
  EXPECT_TRUE(in_private_process([] {
    setenv("MASTERD_ENDPOINT", "tcp://127.0.0.1:5", 1);
    setenv("MASTERD_EVENTS", "tcp://127.0.0.1:6", 1);
    return default_control_endpoint() == "tcp://127.0.0.1:5" &&
           default_events_endpoint() == "tcp://127.0.0.1:6";
  }));
}

TEST(Endpoint, TheControlVariableSaysNothingAboutEvents) {
  EXPECT_TRUE(in_private_process([] {
    setenv("MASTERD_ENDPOINT", "tcp://127.0.0.1:5", 1);
    unsetenv("MASTERD_EVENTS");
    return default_events_endpoint() ==
           choose_endpoint("events.sock", nullptr, getenv("XDG_RUNTIME_DIR"), geteuid());
  }));
}

TEST(Endpoint, RootHasTheSystemsFolder) {
  EXPECT_EQ(choose_endpoint("control.sock", nullptr, "/run/user/0", 0),
            "ipc:///run/masterd/control.sock");
}

TEST(Endpoint, AUserHasTheRuntimeFolder) {
  EXPECT_EQ(choose_endpoint("events.sock", nullptr, "/run/user/7", 7),
            "ipc:///run/user/7/masterd/events.sock");
}

TEST(Endpoint, AUserWithoutARuntimeFolderHasOneUnderTmp) {
  EXPECT_EQ(choose_endpoint("control.sock", nullptr, nullptr, 1000),
            "ipc:///tmp/masterd-1000/control.sock");
}

TEST(Endpoint, EmptyAndRelativeVariablesCountAsUnset) {
  EXPECT_EQ(choose_endpoint("control.sock", "", "", 1000), "ipc:///tmp/masterd-1000/control.sock");
  EXPECT_EQ(choose_endpoint("control.sock", "", "run", 1000),
            "ipc:///tmp/masterd-1000/control.sock");
}

TEST(Endpoint, EventsAreBesideAControlSocket) {
  EXPECT_EQ(events_beside("ipc:///d/control.sock"), "ipc:///d/events.sock");
  EXPECT_EQ(events_beside("ipc:///d/c"), "ipc:///d/c.events");
  EXPECT_EQ(events_beside("ipc:///d/xcontrol.sock"), "ipc:///d/xcontrol.sock.events");
}

TEST(Endpoint, NothingIsBesideATcpPort) {
  EXPECT_EQ(events_beside("tcp://127.0.0.1:5"), "");
  EXPECT_EQ(events_beside(""), "");
}

}  // namespace
}  // namespace masterd::proto
