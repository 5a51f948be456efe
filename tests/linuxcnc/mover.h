// mover -- a client of the machine under test: mover.py, spoken to line by line.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "supervisor/owned_fd.h"
#include "tests/integration/program.h"

namespace masterd::test {

class Mover {
 public:
  /// Starts it and waits until it is connected. Throws std::runtime_error with what it says.
  /// REQUIRES: `plan` runs mover.py.
  explicit Mover(Plan plan);

  /// Out of estop, on, ready to move.
  void on() { ask("on"); }
  /// Begins to move; feed in mm/min.
  void go(double x, double feed) { ask("go " + std::to_string(x) + " " + std::to_string(feed)); }
  /// Gives up the move.
  void stop() { ask("stop"); }
  /// Moves fast and waits until the axis is there.
  void move_to(double x);
  /// Where milltask says that the axis is.
  double at();

 private:
  /// What follows "ok"; throws std::runtime_error for an error, and when no answer comes.
  std::string ask(const std::string& line);
  std::string answer();

  supervisor::OwnedFd ours_;
  std::string read_;
  std::unique_ptr<Program> program_;
};

}  // namespace masterd::test
