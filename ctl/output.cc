#include "ctl/output.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "ctl/exit_code.h"

namespace masterd::ctl {

void Streams::print(std::string_view text) const {
  errno = 0;
  out << text << std::flush;
  if (out) return;
  const int error = errno;
  if (error == EPIPE) throw ReaderGone{};
  throw Failure{kFailed, fmt::format("cannot write: {}", std::strerror(error == 0 ? EIO : error))};
}

void Streams::complain(std::string_view text) const {
  err << "masterctl: " << text << '\n' << std::flush;
}

}  // namespace masterd::ctl
