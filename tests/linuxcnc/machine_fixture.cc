#include "tests/linuxcnc/machine_fixture.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace masterd::test {
namespace {

namespace fs = std::filesystem;

// Such as "2026-01-02T03:04:05.678Z".
AxisWatch::Clock::time_point parsed(const std::string& time) {
  std::tm parts{};
  const char* rest = ::strptime(time.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr || *rest != '.') throw std::runtime_error{"no time: " + time};
  return AxisWatch::Clock::from_time_t(::timegm(&parts)) +
         std::chrono::milliseconds{std::atoi(rest + 1)};
}

}  // namespace

MachineTest::MachineTest(Who who)
    : who_{who}, home_{who == Who::Root ? kRootHome : kMachinistHome}, machine_{home_ + "/mini"} {}

void MachineTest::SetUp() {
  const std::string missing = missing_for_linuxcnc();
  if (!missing.empty()) {
    if (std::getenv("MASTERD_REQUIRE_LINUXCNC") != nullptr) FAIL() << missing;
    GTEST_SKIP() << missing;
  }
  // Whoever runs the tests may be a user of LinuxCNC: nothing of his may be found.
  for (const char* name : {"DISPLAY", "INI_FILE_NAME", "RTAPI_UID", "RTAPI_FIFO_PATH", "HOME"}) {
    ::unsetenv(name);
  }
  fs::create_directory(machine_);
  for (const auto& file : fs::directory_iterator{EXAMPLES "/linuxcnc"}) {
    if (!file.is_regular_file()) continue;
    const std::string copy = machine(file.path().filename().string());
    fs::copy_file(file, copy);
    // A checkout may have been made with any umask; root's masterd takes none that others may
    // write.
    fs::permissions(copy, fs::perms::group_write | fs::perms::others_write,
                    fs::perm_options::remove);
  }
  for (const auto& file : fs::directory_iterator{machine_}) give_to_owner(file.path());
  give_to_owner(machine_);
  if (who_ == Who::User) give_to_owner(folder().path());
  world_.emplace();
}

void MachineTest::TearDown() {
  if (!world_) return;  // skipped
  drop_mover();
  DaemonTest::TearDown();
  expect_nothing_left();
  fs::remove_all(machine_);
}

// ---- files ----

void MachineTest::give_to_owner(const std::string& path) const {
  if (::lchown(path.c_str(), owner(), owner()) != 0) ADD_FAILURE() << path;
}

void MachineTest::write(const std::string& file, const std::string& text) const {
  std::ofstream{machine(file), std::ios::binary} << text;
  give_to_owner(machine(file));
}

void MachineTest::edit(const std::string& file, const std::string& what,
                       const std::string& by) const {
  std::string text = contents(machine(file));
  ASSERT_EQ(count_of(text, what), 1U) << what << " in " << file;
  write(file, text.replace(text.find(what), what.size(), by));
}

// ---- the daemon and its machine ----

Plan MachineTest::as_owner(const std::vector<std::string>& argv) const {
  Plan plan;
  if (owner() != 0) {
    plan.argv = {"/usr/bin/setpriv", "--reuid", "machinist", "--regid", "3000",
                 "--clear-groups",   "--"};
  }
  plan.argv.insert(plan.argv.end(), argv.begin(), argv.end());
  plan.env = {"HOME=" + home_};
  plan.cwd = machine_;
  return plan;
}

Plan MachineTest::masterd_plan() const {
  Plan plan = DaemonTest::plan();
  plan.argv.front() = world().masterd();
  if (who_ == Who::User) plan.argv = as_owner(plan.argv).argv;
  // HOME decides where rtapi_app's socket is. masterd of root has its own, as a service has.
  plan.env.erase(std::find_if(plan.env.begin(), plan.env.end(),
                              [](const auto& entry) { return entry.rfind("HOME=", 0) == 0; }));
  plan.env.push_back(std::string{"HOME="} + (who_ == Who::User ? kMachinistHome : kRootHome));
  if (who_ == Who::Root) {
    plan.env.emplace_back("RTAPI_UID=3000");
    plan.env.push_back(std::string{"RTAPI_FIFO_PATH="} + kMachinistHome + "/.rtapi_fifo");
  }
  return plan;
}

void MachineTest::start_masterd() { start(masterd_plan()); }

std::string MachineTest::refused_bring_up() {
  const proto::Error error = refused("set_config", {{"config", ini()}, {"wait", "ready"}});
  return error.message + " " + json::serialize(error.data);
}

Mover& MachineTest::mover() {
  if (!mover_) {
    Plan plan = as_owner({"/usr/bin/python3", world().mover(), machine("mini.nml")});
    plan.err = folder().path("mover.err");
    mover_ = std::make_unique<Mover>(plan);
  }
  return *mover_;
}

AxisView MachineTest::axis() {
  const auto realtime = World::named("rtapi_app");
  if (realtime.size() != 1) {
    throw std::runtime_error{std::to_string(realtime.size()) + " processes rtapi_app:\n" +
                             describe(realtime)};
  }
  return AxisView{realtime.front()};
}

void MachineTest::begin_slow_move() {
  mover().on();
  mover().go(50, 100);
  ASSERT_TRUE(axis().await_motion());
}

void MachineTest::expect_moves_to(double x) {
  const AxisView view = axis();
  mover().on();
  mover().move_to(x);
  EXPECT_NEAR(mover().at(), x, 1e-6);
  EXPECT_NEAR(view.position().value_or(-1000), x, 1e-6);
}

void MachineTest::expect_nothing_left() {
  drop_mover();
  std::set<pid_t> known;
  if (daemon_runs()) known.insert(daemon().pid());
  std::ostringstream left;
  for (const std::string& line : world().left(known)) left << line << "\n";
  EXPECT_EQ(left.str(), "");
}

std::uint64_t MachineTest::seq() { return call("status").at("seq").to_number<std::uint64_t>(); }

AxisWatch::Clock::time_point MachineTest::time_of(const std::string& name,
                                                  const std::set<std::string>& states,
                                                  std::uint64_t after) {
  const json::object result =
      call("history", {{"name", name}, {"since_seq", after}, {"limit", 100}});
  for (const json::value& item : result.at("transitions").as_array()) {
    const json::object& change = item.as_object();
    if (states.contains(text_of(change, "to"))) return parsed(text_of(change, "time"));
  }
  throw std::runtime_error{name + " has not changed: " + json::serialize(result)};
}

std::string owner_name(const testing::TestParamInfo<Who>& info) {
  switch (info.param) {
    case Who::User:
      return "OfAUser";
    case Who::RootForUser:
      return "OfAUserUnderRoot";
    case Who::Root:
      return "OfRoot";
  }
  return {};
}

}  // namespace masterd::test
