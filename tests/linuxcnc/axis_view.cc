#include "tests/linuxcnc/axis_view.h"

#include <fcntl.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "tests/integration/proc_view.h"
#include "tests/integration/program.h"

namespace masterd::test {
namespace {

using std::chrono::milliseconds;

constexpr char kSignal[] = "x-loop";
// hal_sig_t of LinuxCNC 2.9, src/hal/hal_priv.h: next_ptr, data_ptr (both offsets in the segment),
// type, readers, writers, bidirs, name.
constexpr std::size_t kName = 32;
constexpr std::size_t kData = 8;
constexpr std::size_t kType = 16;
constexpr std::int32_t kFloat = 2;

struct Segment {
  std::uint64_t begin = 0;
  std::size_t size = 0;
};

// HAL's shared memory in a process, by its key: proc_pid_maps(5) shows /SYSVkey.
Segment hal_of(pid_t pid) {
  std::ifstream maps{"/proc/" + std::to_string(pid) + "/maps"};
  for (std::string line; std::getline(maps, line);) {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    if (line.find("/SYSV48414c32") == std::string::npos) continue;
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64, &begin, &end) == 2) {
      return {begin, end - begin};
    }
  }
  throw std::runtime_error{"process " + std::to_string(pid) + " has no HAL"};
}

template <class T>
T at(const std::vector<char>& memory, std::size_t offset) {
  T value{};
  std::memcpy(&value, memory.data() + offset, sizeof value);
  return value;
}

}  // namespace

AxisView::AxisView(pid_t rtapi_app) {
  const Segment hal = hal_of(rtapi_app);
  const std::string path = "/proc/" + std::to_string(rtapi_app) + "/mem";
  memory_ = supervisor::OwnedFd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  std::vector<char> memory(hal.size);
  if (::pread(memory_.get(), memory.data(), memory.size(), static_cast<off_t>(hal.begin)) !=
      static_cast<ssize_t>(memory.size())) {
    throw std::runtime_error{path + " cannot be read"};
  }
  for (std::size_t name = kName; name + sizeof kSignal <= memory.size(); name += 8) {
    if (std::memcmp(memory.data() + name, kSignal, sizeof kSignal) != 0) continue;
    const auto data = at<std::uint64_t>(memory, name - kName + kData);
    const bool known = data + sizeof(double) <= memory.size() &&
                       at<std::int32_t>(memory, name - kName + kType) == kFloat;
    if (known) address_ = hal.begin + data;
  }
  if (address_ == 0) throw std::runtime_error{"HAL has no signal x-loop"};
}

std::optional<double> AxisView::position() const {
  double value = 0;
  const ssize_t got = ::pread(memory_.get(), &value, sizeof value, static_cast<off_t>(address_));
  if (got != sizeof value) return std::nullopt;  // 0: the process has given up its memory
  return value;
}

bool AxisView::await_motion() const {
  const auto first = position();
  return eventually([&] { return position() != first; });
}

AxisWatch::AxisWatch(const AxisView& axis)
    : axis_{axis}, moved_{Clock::now().time_since_epoch().count()}, looked_{moved_.load()} {
  thread_ = std::thread{[this] { watch(); }};
}

AxisWatch::~AxisWatch() {
  enough_ = true;
  thread_.join();
}

void AxisWatch::watch() {
  auto last = axis_.position();
  while (!enough_) {
    std::this_thread::sleep_for(milliseconds{1});
    const auto now = axis_.position();
    const auto time = Clock::now().time_since_epoch().count();
    if (!now) {
      gone_ = true;
      return;
    }
    if (now != last) moved_ = time;
    last = now;
    at_ = *now;
    looked_ = time;
  }
}

std::optional<AxisWatch::Stop> AxisWatch::await_still(milliseconds still) {
  const bool stands =
      eventually([&] { return gone_ || Clock::duration{looked_ - moved_} >= still; });
  if (!stands) return std::nullopt;
  return Stop{Clock::time_point{Clock::duration{moved_}}, at_};
}

}  // namespace masterd::test
