// grammar -- the verbs and options as CLI11 has them. Who parses fills `in` with them; who
// completes reads them.
#pragma once

#include <CLI/CLI.hpp>

#include "ctl/options.h"

namespace masterd::ctl {

/// CLI11 holds addresses of the members: neither copied nor moved.
struct Grammar {
  Grammar();
  Grammar(const Grammar&) = delete;
  Grammar& operator=(const Grammar&) = delete;

  CLI::App app;
  Invocation in;
  double seconds = 0;              // of --timeout
  CLI::Option* timeout = nullptr;  // of `app`
};

}  // namespace masterd::ctl
