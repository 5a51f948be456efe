// test_child -- what a coprocess of a test does that a shell cannot.
//
//   test_child listen PORT MIB    touches MIB MiB, listens at 127.0.0.1:PORT, prints "listening"
//   test_child descriptors        prints the open descriptors, as in "0 1 2"
//   test_child now FILE           writes the monotonic time, in nanoseconds, to FILE
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace {

int listen_at(const char* port, const char* mib) {
  // Memory makes its end take a while: that is when its successor must not begin yet.
  std::vector<char> memory(std::strtoul(mib, nullptr, 10) << 20U, 'x');
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::strtoul(port, nullptr, 10)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd, 1) != 0) {
    std::printf("%s\n", std::strerror(errno));
    return 1;
  }
  std::puts("listening");
  std::fflush(stdout);
  for (;;) ::pause();
}

int print_descriptors() {
  std::string text;
  for (int fd = 0; fd < 1024; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) text += (text.empty() ? "" : " ") + std::to_string(fd);
  }
  std::puts(text.c_str());
  return 0;
}

int write_now(const char* path) {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  FILE* file = std::fopen(path, "w");
  if (file == nullptr) return 1;
  std::fprintf(file, "%lld\n", now.tv_sec * 1'000'000'000LL + now.tv_nsec);
  return std::fclose(file) == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "listen" && argc == 4) return listen_at(argv[2], argv[3]);
  if (what == "descriptors") return print_descriptors();
  if (what == "now" && argc == 3) return write_now(argv[2]);
  std::fprintf(stderr, "usage: test_child listen PORT MIB | descriptors | now FILE\n");
  return 2;
}
