// The three standard streams of a process.
#include "config/coprocess_sections.h"

namespace masterd::config {

namespace {

constexpr std::uint64_t kKib = 1024;
constexpr std::uint64_t kMib = 1024 * kKib;

void read_output(TableReader& coprocess, const Scope& scope, OutputSpec& output) {
  auto table = coprocess.table("output");
  if (!table) return;
  const std::vector<std::pair<std::string, bool>> kinds{{"capture", true}, {"null", false}};
  if (auto v = table->choice<bool>("stdout", kinds)) output.capture_stdout = *v;
  if (auto v = table->choice<bool>("stderr", kinds)) output.capture_stderr = *v;
  if (auto v = table->size("ring", kKib, 64 * kMib)) output.ring_bytes = *v;
  if (auto v = table->flag("log")) output.log = *v;
  if (scope.mapping != nullptr && scope.mapping->user) {
    table->refuse("file", std::string{kNotForOthers});
  } else if (const auto file = table->text("file")) {
    output.file = read_path(*table, *file, scope);
  }
  if (auto v = table->size("max_size", 4 * kKib, kMib * kMib)) output.max_size = *v;
  if (auto v = table->integer("keep", 0, 1000)) output.keep = static_cast<unsigned>(*v);
  table->finish();
}

}  // namespace

void read_streams(TableReader& table, const Scope& scope, CoprocessSpec& spec) {
  if (auto v = table.choice<StdinKind>("stdin",
                                       {{"null", StdinKind::Null}, {"pipe", StdinKind::Pipe}})) {
    spec.stdin_kind = *v;
  }
  read_output(table, scope, spec.output);
}

}  // namespace masterd::config
