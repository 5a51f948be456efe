#include "tests/linuxcnc/mover.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cmath>
#include <stdexcept>
#include <system_error>

namespace masterd::test {

Mover::Mover(Plan plan) {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    throw std::system_error{errno, std::generic_category(), "socketpair"};
  }
  ours_ = supervisor::OwnedFd{ends[0]};
  supervisor::OwnedFd theirs{ends[1]};
  plan.in_fd = plan.out_fd = theirs.get();
  program_ = std::make_unique<Program>(plan);
  theirs.reset();  // so that its end is seen
  answer();
}

void Mover::move_to(double x) {
  go(x, 3000);
  ask("arrive " + std::to_string(x));
}

double Mover::at() { return std::stod(ask("at")); }

std::string Mover::ask(const std::string& line) {
  const std::string sent = line + "\n";
  if (::send(ours_.get(), sent.data(), sent.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(sent.size())) {
    throw std::system_error{errno, std::generic_category(), "mover.py"};
  }
  return answer();
}

// NML itself prints on stdout now and then: only "ok" and "error" are answers.
std::string Mover::answer() {
  std::string seen;
  for (;;) {
    for (std::size_t end; (end = read_.find('\n')) != std::string::npos;) {
      const std::string line = read_.substr(0, end);
      read_.erase(0, end + 1);
      if (line.rfind("ok", 0) == 0) return line.substr(2);
      seen += line + "\n";
      if (line.rfind("error", 0) == 0) throw std::runtime_error{"mover.py: " + seen};
    }
    pollfd readable{ours_.get(), POLLIN, 0};
    char buffer[4096];
    const auto limit = static_cast<int>(std::chrono::milliseconds{kLimit}.count());
    const ssize_t got =
        ::poll(&readable, 1, limit) == 1 ? ::recv(ours_.get(), buffer, sizeof buffer, 0) : -1;
    if (got <= 0) throw std::runtime_error{"mover.py does not answer: " + seen + read_};
    read_.append(buffer, static_cast<std::size_t>(got));
  }
}

}  // namespace masterd::test
