// masterd: options in, exit status out.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>
#include <system_error>

#include "daemon/check.h"
#include "daemon/daemon.h"
#include "daemon/options.h"
#include "daemon/start_error.h"

namespace {

using namespace masterd;
using namespace masterd::daemon;

// Started without them, a socket of ours would get their number, and what is logged would go into
// it. open() takes the lowest free one.
void open_standard_descriptors() {
  int fd = 0;
  while (fd >= 0 && fd < 3) fd = ::open("/dev/null", O_RDWR);
  if (fd >= 3) ::close(fd);
}

void complain(const std::string& message) {
  std::fprintf(stderr, "masterd: %s\n", message.c_str());
}

int check(const LoadedSettings& loaded, uid_t uid) {
  const auto lines = check_all(loaded, uid);
  for (const std::string& line : lines) std::fprintf(stderr, "%s\n", line.c_str());
  return lines.empty() ? kExitOk : kExitConfig;
}

int run(int argc, char** argv) {
  const auto parsed = parse_command_line(argc, argv);
  if (const auto* early = std::get_if<EarlyExit>(&parsed)) {
    std::fputs(early->text.c_str(), early->status == kExitOk ? stdout : stderr);
    return early->status;
  }
  const auto& line = std::get<CommandLine>(parsed);
  Environment environment = Environment::of_this_process();
  if (!line.check) environment.passed = take_passed_sockets();
  const auto loaded = load_settings(line, environment);
  if (line.check) return check(loaded, environment.uid);
  if (!loaded.wrong.empty()) {
    for (const auto& diagnostic : loaded.wrong) complain(diagnostic.to_string());
    return kExitConfig;
  }
  return Daemon{*loaded.settings}.run();
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_descriptors();
  try {
    return run(argc, argv);
  } catch (const StartError& error) {
    complain(error.what());
    return error.exit_status();
  } catch (const std::exception& error) {
    complain(error.what());
    return kExitSystem;
  }
}
