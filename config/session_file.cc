// A session file, from bytes to spec.
#include "config/load.h"
#include "config/paths.h"
#include "config/session_document.h"
#include "config/source_text.h"

namespace masterd::config {

namespace {

using std::filesystem::path;

LoadResult load(std::string_view text, const std::string& origin, const Scope& scope,
                const CoprocessSpec& defaults, Report& report) {
  if (check_source(text, report)) {
    if (const auto document = parse_toml(text, report)) {
      TableReader root{*document, {1, 1, ""}, report};
      root.refuse("profile", "this is a profile: it is used through the files that it maps");
      if (auto spec = read_document(root, origin, scope, defaults, report)) {
        spec->path = scope.file;
        return std::move(*spec);
      }
    }
  }
  return report.take();
}

}  // namespace

LoadResult load_text(std::string_view text, const std::string& origin, const path& dir,
                     const CoprocessSpec& defaults) {
  Report report{origin};
  Scope scope;
  scope.dir = absolute_folder(dir);
  return load(text, origin, scope, defaults, report);
}

LoadResult load_file(const path& file, const CoprocessSpec& defaults) {
  Report report{file.native()};
  const auto text = read_source(file, report);
  if (!text) return report.take();
  Scope scope;
  scope.dir = absolute_folder(file.parent_path());
  scope.file = (scope.dir / file.filename()).native();
  return load(*text, file.native(), scope, defaults, report);
}

bool is_session_file(const path& file) {
  Report report{file.native()};
  const auto text = read_source(file, report);
  if (!text || !check_source(*text, report)) return true;
  const auto document = parse_toml(*text, report);
  if (!document) return true;
  return !document->contains("profile") &&
         (document->contains("session") || document->contains("coprocess"));
}

}  // namespace masterd::config
