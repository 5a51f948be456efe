#include "config/profile.h"

#include <fnmatch.h>

#include <utility>

#include "config/mapping.h"
#include "config/paths.h"
#include "config/session_document.h"
#include "config/session_keys.h"
#include "config/source_text.h"

namespace masterd::config {

namespace fs = std::filesystem;

struct Profile::Parts {
  std::string path;
  fs::path dir;  // absolute
  std::string name;
  std::string description;
  std::vector<std::string> files;
  std::vector<IniName> detect;
  bool run_as_owner = false;
  toml::table document;
  CoprocessSpec defaults;  // of the daemon

  /// What the blanks of the profile are filled from; the scope speaks of the mapping beside it.
  struct Blanks {
    Blanks(const Parts& parts, const IniFile* ini, std::optional<std::string> user);
    Blanks(const Blanks&) = delete;
    fs::path file;
    Mapping mapping;
    Scope scope;
  };

  void read_profile(TableReader& root);
  std::optional<SessionSpec> read(const IniFile* ini, const ProfileOptions& options,
                                  Report& report) const;
};

void Profile::Parts::read_profile(TableReader& root) {
  auto table = root.table("profile");
  if (!table) {
    if (!root.has("profile")) root.error({0, 0, "profile"}, "is missing: this is no profile");
    return;
  }
  description = table->line("description");
  for (const Text& pattern : table->texts("files").value_or(std::vector<Text>{})) {
    files.push_back(pattern.value);
  }
  if (files.empty() && (!table->has("files") || table->texts("files"))) {
    table->error(table->where_key("files"),
                 "expected 'files', the patterns of the names of its files, such as [\"*.ini\"]");
  }
  for (const Text& text : table->texts("detect").value_or(std::vector<Text>{})) {
    if (auto wanted = parse_ini_name(text.value)) {
      detect.push_back(std::move(*wanted));
    } else {
      table->error(text.where, fmt::format("expected \"SECTION\" or \"SECTION:KEY\"; found '{}'",
                                           shown(text.value)));
    }
  }
  run_as_owner = table->flag("run_as_owner").value_or(false);
  table->finish();
}

// Without an .ini nothing is known of it.
Profile::Parts::Blanks::Blanks(const Parts& parts, const IniFile* ini,
                               std::optional<std::string> user)
    : file{ini != nullptr ? ini->path() : "/any.ini"} {
  scope.dir = absolute_folder(file.parent_path());
  scope.file = (scope.dir / file.filename()).native();
  scope.mapping = &mapping;
  scope.may_miss = ini == nullptr;
  mapping.ini = ini;
  // Programs of LinuxCNC 2.9 do not follow #INCLUDE; its launcher writes this file for them, and so
  // does a profile (`before`).
  const bool includes = ini != nullptr && ini->has_includes();
  mapping.ini_path = includes ? scope.file + ".expanded" : scope.file;
  mapping.profile_dir = parts.dir.native();
  mapping.run_as_owner = parts.run_as_owner;
  mapping.user = std::move(user);
}

// Without an .ini the profile is only checked, and there is no spec.
std::optional<SessionSpec> Profile::Parts::read(const IniFile* ini, const ProfileOptions& options,
                                                Report& report) const {
  const Blanks blanks{*this, ini, options.user};
  TableReader root{document, {1, 1, ""}, report};
  root.says("profile");
  auto spec = read_document(root, blanks.file, blanks.scope, defaults, report);
  if (spec) spec->path = blanks.scope.file;
  return spec;
}

std::variant<Profile, Diagnostics> Profile::read(const fs::path& path,
                                                 const CoprocessSpec& defaults) {
  Report report{path.native()};
  const auto text = read_source(path, report);
  if (!text) return report.take();
  return parse(*text, path, defaults);
}

std::variant<Profile, Diagnostics> Profile::parse(std::string_view text, const fs::path& path,
                                                  const CoprocessSpec& defaults) {
  Report report{path.native()};
  if (!check_source(text, report)) return report.take();
  auto document = parse_toml(text, report);
  if (!document) return report.take();

  auto parts = std::make_shared<Parts>();
  parts->path = path.native();
  parts->dir = absolute_folder(path.parent_path());
  parts->name = path.stem().native();
  parts->document = std::move(*document);
  parts->defaults = defaults;
  TableReader root{parts->document, {1, 1, ""}, report};
  parts->read_profile(root);
  parts->read(nullptr, {}, report);
  if (!report.empty()) return report.take();
  return Profile{std::move(parts)};
}

const std::string& Profile::name() const { return parts_->name; }
const std::string& Profile::path() const { return parts_->path; }
const std::string& Profile::description() const { return parts_->description; }
bool Profile::run_as_owner() const { return parts_->run_as_owner; }

bool Profile::is_for(const fs::path& file) const {
  const std::string name = file.filename().native();
  for (const std::string& pattern : parts_->files) {
    if (::fnmatch(pattern.c_str(), name.c_str(), 0) == 0) return true;
  }
  return false;
}

std::optional<std::string> Profile::missing_in(const IniFile& ini) const {
  for (const IniName& wanted : parts_->detect) {
    const bool there = wanted.key.empty() ? ini.has_section(wanted.section)
                                          : ini.find(wanted.section, wanted.key) != nullptr;
    if (!there) return wanted.to_string();
  }
  return std::nullopt;
}

LoadResult Profile::load(const IniFile& ini, const ProfileOptions& options) const {
  Report report{parts_->path};
  if (auto spec = parts_->read(&ini, options, report)) return std::move(*spec);
  return report.take();
}

Title Profile::title(const IniFile& ini) const {
  Report ignored{parts_->path};
  Parts::Blanks blanks{*parts_, &ini, std::nullopt};
  blanks.scope.may_miss = true;
  TableReader root{parts_->document, {1, 1, ""}, ignored};
  SessionSpec spec;
  read_session(root, blanks.file, blanks.scope, spec);
  return {std::move(spec.name), std::move(spec.description)};
}

LoadResult load_profiled(const fs::path& profile, const fs::path& file,
                         const ProfileOptions& options) {
  const auto read = Profile::read(profile);
  if (const auto* wrong = std::get_if<Diagnostics>(&read)) return *wrong;
  const auto ini = IniFile::read(file);
  if (const auto* wrong = std::get_if<Diagnostics>(&ini)) return *wrong;
  return std::get<Profile>(read).load(std::get<IniFile>(ini), options);
}

}  // namespace masterd::config
