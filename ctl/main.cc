// masterctl -- the command-line client of masterd.
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>

#include "ctl/run.h"

int main(int argc, char** argv) {
  // A reader that goes away is an error of write(), which is quiet, not a signal that looks like a
  // crash.
  std::signal(SIGPIPE, SIG_IGN);
  std::ios::sync_with_stdio(false);
  // https://no-color.org: set and not empty.
  const char* no_colour = std::getenv("NO_COLOR");
  const bool colours = isatty(STDOUT_FILENO) == 1 && (no_colour == nullptr || *no_colour == '\0');
  return masterd::ctl::run({argv + 1, argv + argc}, {std::cin, std::cout, std::cerr, colours});
}
