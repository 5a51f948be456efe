// cycles -- a host that creates a session, runs it and destroys it, a thousand times, by turns in
// the orderly way and in the middle of its life. Fails when a descriptor, a child or memory is
// left, or a line of output is missing.
#include <dirent.h>
#include <malloc.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "session.h"

namespace {

constexpr const char* kSession = R"(
[coprocess.talker]
command = ["sh", "-c", "echo one; echo two; exec sleep 1000"]
ready = { output = "^two" }
)";
constexpr int kWarmUp = 50;  // what is allocated once and kept
constexpr std::size_t kMayGrow = 64 * 1024;
constexpr std::size_t kMayMap = 2 * 1024 * 1024;  // fragments of the heap

int descriptors() {
  int count = 0;
  DIR* folder = opendir("/proc/self/fd");
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

/// The address space, where stacks are: in bytes.
std::size_t address_space() {
  std::size_t pages = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (std::fscanf(file, "%zu", &pages) != 1) pages = 0;
  std::fclose(file);
  return pages * 4096;
}

std::size_t growth(std::size_t before, std::size_t now) { return now > before ? now - before : 0; }

/// One life of everything; the lines that were written.
int cycle(bool orderly) {
  const masterd::fsm::SteadyClock clock;
  masterd::fsm::EventLoop loop{clock};
  Session session{loop, kSession};
  int lines = 0;
  bool ended = false;
  session.report.wrote = [&](const std::string&, const std::string&) { ++lines; };
  session.supervisor.on_end([&] { ended = true; });
  session.supervisor.start();
  while (!session.supervisor.all_ready()) loop.run_once();
  if (!orderly) return lines;  // the destructors kill and reap what lives
  session.supervisor.shutdown("the cycle is over");
  while (!ended) loop.run_once();
  return lines;
}

}  // namespace

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : 1000;
  int missing = 0;
  for (int i = 0; i < kWarmUp; ++i) missing += 2 - cycle(i % 2 == 0);
  const int descriptors_before = descriptors();
  const std::size_t memory_before = mallinfo2().uordblks;
  const std::size_t space_before = address_space();
  for (int i = 0; i < count; ++i) missing += 2 - cycle(i % 2 == 0);
  const int descriptors_more = descriptors() - descriptors_before;
  const std::size_t memory_more = growth(memory_before, mallinfo2().uordblks);
  const std::size_t space_more = growth(space_before, address_space());
  const bool childless = waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD;
  std::printf("%d cycles: %d descriptors more, %zu bytes more, %zu mapped, %d lines missing, %s\n",
              count, descriptors_more, memory_more, space_more, missing,
              childless ? "no child left" : "a child is left");
  return descriptors_more == 0 && memory_more < kMayGrow && space_more < kMayMap && missing == 0 &&
                 childless
             ? 0
             : 1;
}
