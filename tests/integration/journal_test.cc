// What a daemon whose stderr is the journal sends there. journald is a datagram socket of the
// test's own, seen by the daemon at journald's place in a mount namespace of its own.
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <map>
#include <optional>

#include "tests/integration/daemon_fixture.h"

namespace masterd::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testing::Pair;

using Record = std::map<std::string, std::string>;

/// journald's native protocol: lines "NAME=value", or "NAME", the size in 8 bytes, the value.
Record parse(const std::string& datagram) {
  Record record;
  for (std::size_t at = 0; at < datagram.size();) {
    const std::size_t end = datagram.find('\n', at);
    const std::string line = datagram.substr(at, end - at);
    at = end == std::string::npos ? datagram.size() : end + 1;
    if (const std::size_t equals = line.find('='); equals != std::string::npos) {
      record[line.substr(0, equals)] = line.substr(equals + 1);
      continue;
    }
    std::uint64_t size = 0;
    std::memcpy(&size, datagram.data() + at, sizeof size);
    record[line] = datagram.substr(at + sizeof size, size);
    at += sizeof size + size + 1;
  }
  return record;
}

class Journald {
 public:
  explicit Journald(const std::string& path)
      : fd_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)} {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ~Journald() { ::close(fd_); }
  Journald(const Journald&) = delete;
  Journald& operator=(const Journald&) = delete;

  /// The first record that `wanted` takes of those not yet looked at; empty after the limit.
  template <typename Wanted>
  Record find(Wanted wanted) {
    pollfd readable{fd_, POLLIN, 0};
    while (::poll(&readable, 1, static_cast<int>(std::chrono::milliseconds{kLimit}.count())) == 1) {
      std::string datagram(256 * 1024, '\0');
      const ssize_t size = ::recv(fd_, datagram.data(), datagram.size(), 0);
      if (size < 0) break;
      datagram.resize(static_cast<std::size_t>(size));
      const Record record = parse(datagram);
      if (wanted(record)) return record;
    }
    return {};
  }
  Record find(const std::string& name, const std::string& value) {
    return find([&](const Record& record) {
      const auto found = record.find(name);
      return found != record.end() && found->second == value;
    });
  }

 private:
  const int fd_;
};

class JournalTest : public DaemonTest {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(folder().path("journal"));
    journald_.emplace(folder().path("journal/socket"));
    Plan probe;
    probe.argv = in_namespace({"/bin/true"});
    if (run(probe).status != 0) GTEST_SKIP() << "no mount namespace can be had here";
  }
  /// With `args`, where /run/systemd/journal is the test's.
  [[nodiscard]] std::vector<std::string> in_namespace(const std::vector<std::string>& args) const {
    std::vector<std::string> argv{"/usr/bin/unshare",
                                  ::geteuid() == 0 ? "-m" : "-rm",
                                  "/bin/sh",
                                  "-c",
                                  "mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal && "
                                  "mount --bind \"$0\" /run/systemd/journal && exec \"$@\"",
                                  folder().path("journal")};
    argv.insert(argv.end(), args.begin(), args.end());
    return argv;
  }
  /// As systemd does it: the variable names what stderr is.
  [[nodiscard]] Plan connected(const std::vector<std::string>& args = {}) const {
    Plan wanted = plan(args);
    wanted.argv = in_namespace(wanted.argv);
    struct stat found {};
    EXPECT_EQ(::stat(folder().file("log", "").c_str(), &found), 0);
    wanted.env.push_back("JOURNAL_STREAM=" + std::to_string(found.st_dev) + ":" +
                         std::to_string(found.st_ino));
    return wanted;
  }
  void begin(const std::string& toml) {
    start(connected());
    set_config(session_file(toml));
  }
  Journald& journald() { return *journald_; }

 private:
  std::optional<Journald> journald_;
};

TEST_F(JournalTest, ALineOfACoprocessHasItsNameAndNothingOfItGoesToStderr) {
  begin("[session]\nname = \"mill\"\n" +
        coprocess("a", "echo hello; echo oops >&2; exec sleep 1000"));
  const Record out = journald().find("MESSAGE", "hello");
  EXPECT_THAT(out, AllOf(Contains(Pair("SYSLOG_IDENTIFIER", "a")), Contains(Pair("COPROCESS", "a")),
                         Contains(Pair("SESSION", "mill")), Contains(Pair("STREAM", "stdout")),
                         Contains(Pair("PRIORITY", "6")), Not(Contains(Key("TRANSITION"))),
                         Not(Contains(Key("CODE_FILE")))));
  EXPECT_THAT(journald().find("MESSAGE", "oops"), Contains(Pair("STREAM", "stderr")));
  EXPECT_EQ(log(), "");
}

TEST_F(JournalTest, ATransitionHasItsStatesAndItsCause) {
  begin("[session]\nname = \"mill\"\n" + coprocess("a", "exec sleep 1000"));
  EXPECT_THAT(
      journald().find("TRANSITION", "starting->running"),
      AllOf(Contains(Pair("SYSLOG_IDENTIFIER", "masterd")), Contains(Pair("COPROCESS", "a")),
            Contains(Pair("SESSION", "mill")), Contains(Key("CAUSE")),
            Contains(Pair("MESSAGE", HasSubstr("a: running"))), Not(Contains(Key("STREAM")))));
}

TEST_F(JournalTest, AFailureIsAWarningAndASessionThatIsOverIsNotNamedAnyMore) {
  begin("[session]\nname = \"mill\"\n" + coprocess("a", "exit 3"));
  EXPECT_THAT(journald().find("TRANSITION", "running->failed"), Contains(Pair("PRIORITY", "4")));
  call("end_session", {{"wait", true}});
  const Record over = journald().find([](const Record& record) {
    const auto found = record.find("TRANSITION");
    return found != record.end() && found->second == "stopping->waiting";
  });
  EXPECT_THAT(over, AllOf(Contains(Pair("SESSION", "mill")), Not(Contains(Key("COPROCESS")))));
  EXPECT_EQ(shut_down(), 0);
  EXPECT_THAT(journald().find("MESSAGE", "ended"), Not(Contains(Key("SESSION"))));
}

TEST_F(JournalTest, AHostileLineIsOneRecordAndForgesNoField) {
  begin(coprocess("a",
                  "printf 'x\\033[2J\\rPRIORITY=0\\nSYSLOG_IDENTIFIER=sshd\\n'; exec sleep 1000"));
  const Record first = journald().find("STREAM", "stdout");
  EXPECT_THAT(first, AllOf(Contains(Pair("MESSAGE", "x\\x1b[2J\\x0dPRIORITY=0")),
                           Contains(Pair("PRIORITY", "6"))));
  EXPECT_THAT(journald().find("STREAM", "stdout"),
              AllOf(Contains(Pair("MESSAGE", "SYSLOG_IDENTIFIER=sshd")),
                    Contains(Pair("SYSLOG_IDENTIFIER", "a"))));
}

TEST_F(JournalTest, AVariableInheritedFromSomebodyElseIsNotBelieved) {
  Plan wanted = connected();
  wanted.env.back() = "JOURNAL_STREAM=1:1";
  start(wanted);
  EXPECT_THAT(log(), HasSubstr("masterd: version"));
}

TEST_F(JournalTest, WhoAsksForJsonGetsJsonOnStderr) {
  start(connected({"--log-format", "json"}));
  EXPECT_THAT(log(), HasSubstr("\"message\":\"version"));
}

TEST_F(JournalTest, WithoutAJournaldLinesGoToStderr) {
  Plan wanted = connected();
  std::filesystem::remove(folder().path("journal/socket"));
  start(wanted);
  EXPECT_THAT(log(), HasSubstr("masterd: version"));
}

TEST_F(JournalTest, AJournaldThatGoesAwayDoesNotEndTheDaemon) {
  begin(coprocess("a", "while read line; do echo $line; done", "stdin = \"pipe\"\n"));
  std::filesystem::remove(folder().path("journal/socket"));
  call("write_stdin", {{"name", "a"}, {"data", "still here\n"}});
  await_line({"a"}, "still here");
}

}  // namespace
}  // namespace masterd::test
