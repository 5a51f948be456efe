#include "ctl/complete.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "ctl/exit_code.h"
#include "ctl/run.h"
#include "tests/proto/fake_daemon.h"
#include "tests/support/temp_folder.h"

namespace masterd::ctl {
namespace {

namespace json = boost::json;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

class CompleteTest : public testing::Test {
 protected:
  /// The words that are offered for the last of `typed`.
  std::vector<std::string> offered(std::vector<std::string> typed) const {
    typed.insert(typed.begin(), {"--", "--endpoint", endpoint()});
    std::istringstream lines{complete(typed)};
    std::vector<std::string> words;
    for (std::string line; std::getline(lines, line);) {
      words.push_back(line.substr(0, line.find('\t')));
    }
    return words;
  }

  std::string endpoint() const { return "ipc://" + folder_.path("control.sock"); }

  /// A daemon of two coprocesses and a config.
  std::unique_ptr<test::FakeDaemon> daemon() const {
    return std::make_unique<test::FakeDaemon>(
        endpoint(), "ipc://" + folder_.path("events.sock"),
        [](test::FakeDaemon&, const proto::Request& request) -> test::Answer {
          if (request.method == "status") {
            return json::value{{"coprocesses",
                                {{{"name", "ui"}, {"state", "running"}},
                                 {{"name", "ui-log"}, {"state", "failed"}},
                                 {{"name", "db"}, {"state", "running"}}}}};
          }
          if (request.method == "list_configs") {
            return json::value{
                {"configs", json::array{{{"name", "mill"}, {"description", "in hall 2"}}}}};
          }
          return json::value{
              {"methods", json::array{{{"name", "status"}, {"summary", "what there is"}}}}};
        });
  }

  test::TempFolder folder_;
};

TEST_F(CompleteTest, VerbsAreOfferedByTheirBeginning) {
  EXPECT_THAT(offered({"sta"}), ElementsAre("status", "start"));
  EXPECT_THAT(offered({""}), Contains("set-config"));
  EXPECT_THAT(offered({""}), Not(Contains("complete")));
}

TEST_F(CompleteTest, OptionsAreThoseOfTheVerbAndOfTheProgram) {
  EXPECT_THAT(offered({"stop", "--"}), ElementsAre("--endpoint", "--help", "--json", "--now",
                                                   "--timeout", "--version", "--wait"));
  EXPECT_THAT(offered({"--j"}), ElementsAre("--json"));
}

TEST_F(CompleteTest, NamesOfCoprocessesComeFromTheDaemon) {
  const auto there = daemon();
  EXPECT_THAT(offered({"status", ""}), ElementsAre("ui", "ui-log", "db"));
  EXPECT_THAT(offered({"logs", "-n", "5", "u"}), ElementsAre("ui", "ui-log"));
  EXPECT_THAT(offered({"stop", "--wait", "--timeout=5", "d"}), ElementsAre("db"));
}

TEST_F(CompleteTest, OfManyNamesNoneIsOfferedTwice) {
  const auto there = daemon();
  EXPECT_THAT(offered({"restart", "ui", ""}), ElementsAre("ui-log", "db"));
}

TEST_F(CompleteTest, AfterTheLastArgumentNothingIsOffered) {
  const auto there = daemon();
  EXPECT_THAT(offered({"status", "ui", ""}), IsEmpty());
}

TEST_F(CompleteTest, ConfigsAreNamesAndFiles) {
  const auto there = daemon();
  EXPECT_THAT(offered({"set-config", ""}), ElementsAre("mill", kFiles));
  EXPECT_THAT(offered({"check", "--text", ""}), ElementsAre(kFiles));
}

TEST_F(CompleteTest, StatesAndSignalsAreWords) {
  EXPECT_THAT(offered({"wait", "ui", "st"}), ElementsAre("starting", "stopping", "stopped"));
  EXPECT_THAT(offered({"signal", "ui", "H"}), ElementsAre("HUP"));
}

TEST_F(CompleteTest, TopicsKnowTheCoprocesses) {
  const auto there = daemon();
  EXPECT_THAT(offered({"events", "log."}),
              ElementsAre("log.", "log.ui.", "log.ui-log.", "log.db."));
}

TEST_F(CompleteTest, MethodsComeWithWhatTheyDo) {
  const auto there = daemon();
  EXPECT_EQ(complete({"--", "--endpoint", endpoint(), "call", "s"}), "status\twhat there is\n");
}

TEST_F(CompleteTest, AValueAfterAnEqualsSignIsOfferedAlone) {
  EXPECT_THAT(offered({"set-config", "--text=x"}), ElementsAre(kFiles));
  EXPECT_THAT(offered({"status", "--json=x"}), IsEmpty());
}

TEST_F(CompleteTest, AnUnknownVerbHasNothingAfterIt) {
  EXPECT_THAT(offered({"nonsense", ""}), Not(Contains("ui")));
}

TEST_F(CompleteTest, WithoutADaemonOnlyItsNamesAreMissing) {
  EXPECT_THAT(offered({"status", ""}), IsEmpty());
  EXPECT_THAT(offered({"set-config", ""}), ElementsAre(kFiles));
  EXPECT_THAT(offered({"events", "log."}), ElementsAre("log."));
}

TEST_F(CompleteTest, AnEndpointThatIsNoneIsNoError) {
  EXPECT_EQ(complete({"--", "--endpoint", "nonsense", "status", ""}), "");
}

TEST_F(CompleteTest, TheVerbOfTheScriptsReachesIt) {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(run({"complete", "--", "shut"}, {in, out, err}), kDone);
  EXPECT_EQ(out.str(), "shutdown\tStop the session and the daemon\n");
}

}  // namespace
}  // namespace masterd::ctl
