#include "config/expand.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "config/report.h"

namespace masterd::config {

namespace {

constexpr std::string_view kIni = "${ini:";
/// Defaults within defaults: each level costs a stack frame, and another look at the text.
constexpr unsigned kMaxDepth = 16;

bool begins(std::string_view text, std::string_view with) {
  return text.substr(0, with.size()) == with;
}

// Where the brace that opens at text[1] closes; npos when it does not.
std::size_t closing_brace(std::string_view text) {
  std::size_t open = 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '{') ++open;
    if (text[i] == '}' && --open == 0) return i;
  }
  return std::string_view::npos;
}

class Expander {
 public:
  explicit Expander(const Expansion& with) : with_{with} {}

  std::variant<std::string, ExpandError, MissingValue> run(std::string_view text) && {
    walk(text, 0);
    if (error_) return std::move(*error_);
    if (missing_) return std::move(*missing_);
    return std::move(out_);
  }

 private:
  void walk(std::string_view text, unsigned depth) {
    while (!text.empty() && !error_) {
      const std::size_t plain = std::min(text.find('$'), text.size());
      put(text.substr(0, plain));
      text.remove_prefix(plain);
      if (!text.empty()) text.remove_prefix(dollar(text, depth));
    }
  }

  // Puts what a '$' begins; returns how much of the text that was.
  std::size_t dollar(std::string_view text, unsigned depth) {
    if (begins(text, "$${")) return literal(text);
    if (begins(text, "${pid}")) return pid();
    if (begins(text, "${instance}")) return instance();
    if (begins(text, "${item}")) return item();
    if (begins(text, kIni)) return ini(text, depth);
    for (const std::string_view family : {"${config.", "${ini.", "${profile."}) {
      if (begins(text, family)) return place(text);
    }
    put(text.substr(0, 1));
    return 1;
  }

  std::size_t literal(std::string_view text) {
    if (with_.pid == Pid::Known && begins(text.substr(1), "${pid}")) {
      fail("'$${pid}' cannot be kept: '${pid}' is the process here");
    }
    put("${");
    return 3;
  }

  std::size_t pid() {
    constexpr std::string_view kPid = "${pid}";
    if (with_.pid == Pid::Unknown) {
      fail("'${pid}' is not known here; write $${pid} for a literal ${pid}");
    }
    put(kPid);
    return kPid.size();
  }

  std::size_t instance() {
    if (with_.instance == 0) {
      fail(
          "'${instance}' is known only where 'instances' or 'for_each' is given; write "
          "$${instance} for a literal ${instance}");
    }
    put(std::to_string(with_.instance));
    return std::string_view{"${instance}"}.size();
  }

  std::size_t item() {
    if (!with_.for_each) {
      fail(
          "'${item}' is known only where a profile has 'for_each'; write $${item} for a literal "
          "${item}");
    } else if (with_.item == nullptr) {
      miss({});
    } else {
      put_value(*with_.item);
    }
    return std::string_view{"${item}"}.size();
  }

  std::size_t place(std::string_view text) {
    const std::size_t end = text.find('}');
    const std::string_view whole = text.substr(0, end == std::string_view::npos ? end : end + 1);
    if (whole == "${config.dir}") {
      put(with_.config_dir);
    } else if (whole == "${config.path}") {
      if (with_.config_path.empty()) fail("'${config.path}' is not known: this text is no file");
      put(with_.config_path);
    } else if (whole == "${ini.path}" || whole == "${ini.digest}" || whole == "${profile.dir}") {
      if (with_.mapping == nullptr) {
        belongs_to_profile(whole);
      } else if (whole == "${ini.digest}") {
        if (with_.mapping->ini != nullptr) put(with_.mapping->ini->digest());
      } else {
        put(whole == "${ini.path}" ? with_.mapping->ini_path : with_.mapping->profile_dir);
      }
    } else {
      fail(fmt::format(
          "'{}' is reserved: known are ${{config.dir}}, ${{config.path}}, ${{instance}} and "
          "${{pid}}, in a profile also ${{ini.path}}, ${{ini.digest}}, ${{profile.dir}} and "
          "${{item}}; write $${{ for a literal ${{",
          shown(whole)));
    }
    return whole.size();
  }

  std::size_t ini(std::string_view text, unsigned depth) {
    const std::size_t end = closing_brace(text);
    const std::string_view whole = text.substr(0, end == std::string_view::npos ? end : end + 1);
    if (with_.mapping == nullptr) {
      belongs_to_profile(whole);
    } else if (end == std::string_view::npos) {
      fail(fmt::format("'{}' has no closing brace", shown(whole)));
    } else if (depth == kMaxDepth) {
      fail(fmt::format("more than {} ${{ini:...}} within each other", kMaxDepth));
    } else {
      ini_value(whole, depth);
    }
    return whole.size();
  }

  void ini_value(std::string_view whole, unsigned depth) {
    const std::string_view inside = whole.substr(kIni.size(), whole.size() - kIni.size() - 1);
    const std::size_t section_end = inside.find(':');
    const std::size_t name_end =
        section_end == std::string_view::npos ? section_end : inside.find(':', section_end + 1);
    const auto name = parse_ini_name(inside.substr(0, name_end));
    std::string_view rest = name_end == std::string_view::npos ? "" : inside.substr(name_end);
    const bool with_default = begins(rest, ":-");
    const bool with_word = begins(rest, ":+");
    if (!name || name->key.empty() || (!rest.empty() && !with_default && !with_word)) {
      return fail(
          fmt::format("'{}': expected ${{ini:SECTION:KEY}}, ${{ini:SECTION:KEY:-DEFAULT}} or "
                      "${{ini:SECTION:KEY:+WORD}}",
                      shown(whole)));
    }
    rest.remove_prefix(std::min<std::size_t>(2, rest.size()));
    const IniValue* value = with_.mapping->find(*name);
    if (with_word) {
      walk_if(value != nullptr, rest, depth);
    } else {
      if (with_default) walk_if(value == nullptr, rest, depth);
      if (value != nullptr) put_value(value->text);
      if (value == nullptr && !with_default) miss(*name);
    }
  }

  // What is not used must be right too, but needs nothing and gives nothing.
  void walk_if(bool used, std::string_view text, unsigned depth) {
    const bool before = std::exchange(used_, used_ && used);
    walk(text, depth + 1);
    used_ = before;
  }

  void put(std::string_view text) {
    if (used_) out_ += text;
  }

  void put_value(const std::string& value) {
    if (!used_) return;
    with_.mapping->inserted += value.size();
    if (with_.mapping->inserted > kMaxExpandedBytes) {
      return fail(fmt::format("with the values of the .ini the text is more than {} MiB",
                              kMaxExpandedBytes / (1024 * 1024)));
    }
    put(value);
  }

  void miss(IniName name) {
    if (used_ && !missing_) missing_ = MissingValue{std::move(name)};
  }

  void belongs_to_profile(std::string_view whole) {
    fail(fmt::format("'{}' belongs to a profile, which maps a .ini; write $${{ for a literal ${{",
                     shown(whole)));
  }

  void fail(std::string message) {
    if (!error_) error_ = ExpandError{std::move(message)};
  }

  const Expansion& with_;
  std::string out_;
  bool used_ = true;
  std::optional<ExpandError> error_;
  std::optional<MissingValue> missing_;
};

}  // namespace

std::variant<std::string, ExpandError, MissingValue> expand(std::string_view text,
                                                            const Expansion& with) {
  return Expander{with}.run(text);
}

std::optional<IniName> parse_ini_name(std::string_view text) {
  constexpr std::string_view kNoName{"[]{}$=\n\0", 8};
  const std::size_t colon = text.find(':');
  const std::string_view section = text.substr(0, colon);
  const std::string_view key = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  const bool bad = section.empty() || text.find_first_of(kNoName) != std::string_view::npos ||
                   (colon != std::string_view::npos && key.empty()) ||
                   key.find(':') != std::string_view::npos;
  if (bad) return std::nullopt;
  return IniName{std::string{section}, std::string{key}};
}

}  // namespace masterd::config
