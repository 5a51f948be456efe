// machine_fixture -- a whole LinuxCNC machine under a real masterd, for one test.
//
//   start_masterd() --> bring_up() --> mover(), axis() --> end_session() or shut_down() --> nothing
//   left
//
// The machine is examples/linuxcnc/mini.ini, copied into the home of whom it belongs to. Each test
// runs in namespaces of its own (own_namespaces); where there are none, or no LinuxCNC, it is
// skipped with the reason, or fails with it where MASTERD_REQUIRE_LINUXCNC is set.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/integration/daemon_fixture.h"
#include "tests/linuxcnc/axis_view.h"
#include "tests/linuxcnc/mover.h"
#include "tests/linuxcnc/world.h"

namespace masterd::test {

class MachineTest : public DaemonTest {
 protected:
  explicit MachineTest(Who who = Who::User);
  void SetUp() override;
  /// After the end of the session nothing may be left of it.
  void TearDown() override;

  // ---- files ----
  [[nodiscard]] std::string machine(const std::string& file) const { return machine_ + "/" + file; }
  [[nodiscard]] std::string ini() const { return machine("mini.ini"); }
  /// Writes a file of the machine, for its owner.
  void write(const std::string& file, const std::string& text) const;
  /// Replaces the one place of `what` in a file of the machine.
  void edit(const std::string& file, const std::string& what, const std::string& by) const;
  void give_to_owner(const std::string& path) const;

  // ---- the daemon and its machine ----
  [[nodiscard]] Plan masterd_plan() const;
  void start_masterd();
  /// `program` as whom the machine belongs to, in its folder.
  [[nodiscard]] Plan as_owner(const std::vector<std::string>& argv) const;
  /// All of it is ready.
  void bring_up() { set_config(ini()); }
  /// set_config; what it is refused for, with the whole message.
  std::string refused_bring_up();
  void end_session() { call("end_session", {{"wait", true}}); }
  /// A client that is connected; made when it is first asked for.
  Mover& mover();
  void drop_mover() { mover_.reset(); }
  /// That of the session that is up now.
  [[nodiscard]] static AxisView axis();
  /// On, and in the middle of a slow move: half a minute is left of it.
  void begin_slow_move();
  /// Moves to x and is there: by its own word and by the realtime side's.
  void expect_moves_to(double x);
  /// What is left besides masterd, now. The mover goes first.
  void expect_nothing_left();
  /// When the first change of a coprocess to one of `states` with a seq above `after` was.
  [[nodiscard]] AxisWatch::Clock::time_point time_of(const std::string& name,
                                                     const std::set<std::string>& states,
                                                     std::uint64_t after);
  std::uint64_t seq();

  [[nodiscard]] const World& world() const { return *world_; }
  [[nodiscard]] uid_t owner() const { return who_ == Who::Root ? 0 : kMachinist; }

 private:
  Who who_;
  std::string home_;
  std::string machine_;
  std::optional<World> world_;
  std::unique_ptr<Mover> mover_;
};

/// For tests that have Who as their parameter.
std::string owner_name(const testing::TestParamInfo<Who>& info);

}  // namespace masterd::test
