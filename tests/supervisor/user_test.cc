// Who a coprocess runs as, where that is who masterd is already: seen by a process that is not root
// and whose user need not have an entry.
#include "supervisor/user.h"

#include <grp.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "supervisor/spawn_error.h"

namespace masterd::supervisor {
namespace {

constexpr uid_t kStranger = 65432;  // without an entry

class UserTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root may become somebody else";
    ASSERT_EQ(::getpwuid(kStranger), nullptr);
  }
  /// What `check` says in a process of this user, which has no group but `group`.
  static bool holds_as(uid_t user, gid_t group, const std::function<bool()>& check) {
    const pid_t child = ::fork();
    if (child == 0) {
      const bool became = ::setgroups(0, nullptr) == 0 && ::setresgid(group, group, group) == 0 &&
                          ::setresuid(user, user, user) == 0;
      ::_exit(became && check() ? 0 : 1);
    }
    int status = -1;
    return ::waitpid(child, &status, 0) == child && status == 0;
  }
  static config::CoprocessSpec of_user(std::string user, std::string group = {}) {
    config::CoprocessSpec spec;
    spec.user = std::move(user);
    spec.group_name = std::move(group);
    return spec;
  }
};

TEST_F(UserTest, ItsOwnNumberNeedsNoEntryAndNothingChanges) {
  EXPECT_TRUE(holds_as(kStranger, kStranger, [] {
    const Identity identity = resolve_identity(of_user(std::to_string(kStranger)));
    return identity.uid == kStranger && !identity.gid && !identity.groups && identity.name.empty();
  }));
}

TEST_F(UserTest, ItsOwnNumberWithItsGroupLeavesTheOtherGroups) {
  EXPECT_TRUE(holds_as(kStranger, kStranger, [] {
    const std::string number = std::to_string(kStranger);
    const Identity identity = resolve_identity(of_user(number, number));
    return identity.uid == kStranger && identity.gid == kStranger && !identity.groups;
  }));
}

TEST_F(UserTest, AnotherNumberWithoutAnEntryIsRefused) {
  EXPECT_TRUE(holds_as(kStranger, kStranger, [] {
    try {
      (void)resolve_identity(of_user(std::to_string(kStranger + 1)));
    } catch (const SpawnError& error) {
      return error.stage() == SpawnStage::User;
    }
    return false;
  }));
}

TEST_F(UserTest, ItsOwnNameKeepsTheGroupsThatItHasThoughItsEntrySaysOthers) {
  const passwd* nobody = ::getpwnam("nobody");
  ASSERT_NE(nobody, nullptr);
  for (const std::string& user : {std::string{"nobody"}, std::to_string(nobody->pw_uid)}) {
    EXPECT_TRUE(holds_as(nobody->pw_uid, kStranger, [&user] {
      const Identity identity = resolve_identity(of_user(user));
      return identity.name == "nobody" && !identity.home.empty() && !identity.gid &&
             !identity.groups;
    })) << user;
  }
}

TEST_F(UserTest, RootHasWhatItsEntrySaysForItselfToo) {
  EXPECT_EQ(resolve_identity(of_user("root")).gid, gid_t{0});
}

}  // namespace
}  // namespace masterd::supervisor
