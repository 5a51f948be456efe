// What a dead session has left does not keep the next one from starting; a live one is not touched.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "tests/linuxcnc/machine_fixture.h"

namespace masterd::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr key_t kMotion = 0x64;

class DeadSessionTest : public MachineTest {
 protected:
  void expect_comes_up_and_leaves_nothing() {
    bring_up();
    expect_moves_to(1);
    end_session();
    expect_nothing_left();
  }
  // Of a user, with nobody attached.
  static void make_segment(key_t key, std::size_t size, uid_t user) {
    const int id = ::shmget(key, size, IPC_CREAT | IPC_EXCL | 0600);
    shmid_ds info{};
    ASSERT_EQ(::shmctl(id, IPC_STAT, &info), 0);
    info.shm_perm.uid = user;
    ASSERT_EQ(::shmctl(id, IPC_SET, &info), 0);
  }
};

TEST_F(DeadSessionTest, ASocketOfRealtimeWithoutAListenerIsCleared) {
  const std::string path = std::string{kMachinistHome} + "/.rtapi_fifo";
  const supervisor::OwnedFd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  give_to_owner(path);
  start_masterd();
  expect_comes_up_and_leaves_nothing();
}

TEST_F(DeadSessionTest, AMotionSegmentOfAnotherSizeIsCleared) {
  make_segment(kMotion, 8, kMachinist);
  start_masterd();
  expect_comes_up_and_leaves_nothing();
}

TEST_F(DeadSessionTest, ASegmentThatCannotBeRemovedIsToldWithItsOwner) {
  make_segment(kMotion, 8, 0);
  start_masterd();
  EXPECT_THAT(refused_bring_up(), AllOf(HasSubstr("0x00000064"), HasSubstr("uid 0")));
  await_session("");
  ASSERT_EQ(::shmctl(::shmget(kMotion, 0, 0), IPC_RMID, nullptr), 0);  // as the message says
  expect_comes_up_and_leaves_nothing();
}

TEST_F(DeadSessionTest, ALockOfTheLauncherThatNobodyHoldsIsCleared) {
  std::ofstream{"/tmp/linuxcnc.lock"}.flush();
  give_to_owner("/tmp/linuxcnc.lock");
  start_masterd();
  expect_comes_up_and_leaves_nothing();
}

TEST_F(DeadSessionTest, EverythingKilledAtOnceAndTheNextSessionComesUp) {
  start_masterd();
  bring_up();
  expect_moves_to(1);
  drop_mover();
  World::kill_all();
  EXPECT_THAT(world().left({}), Not(IsEmpty()));
  start_masterd();
  expect_comes_up_and_leaves_nothing();
}

}  // namespace
}  // namespace masterd::test
