#include "supervisor/ledger_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace masterd::supervisor {
namespace {

/// Takes the first word off a line.
std::string_view word(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view first = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return first;
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// 1 is nobody's child, and 0 and below would be groups to kill().
std::optional<pid_t> pid_of(std::string_view text) {
  const auto pid = number<pid_t>(text);
  return pid && *pid > 1 ? pid : std::nullopt;
}

bool is_hexadecimal(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::optional<Section> section_of(std::string_view line) {
  Section section;
  section.boot = word(line);
  section.pid_namespace = word(line);
  const auto pid = pid_of(word(line));
  const auto start = number<std::uint64_t>(word(line));
  section.instance = word(line);
  if (!pid || !start || !is_hexadecimal(section.instance)) return std::nullopt;
  section.pid = *pid;
  section.start = *start;
  if (line.empty()) return section;
  const auto inode = number<std::uint64_t>(word(line));
  if (!inode || line.empty() || line.front() != '/') return std::nullopt;
  section.cgroup_inode = *inode;
  section.cgroup = line;
  return section;
}

std::optional<Birth> birth_of(std::string_view line, const std::string& instance) {
  Birth birth;
  birth.id = word(line);
  const auto pid = pid_of(word(line));
  const auto start = number<std::uint64_t>(word(line));
  birth.name = line;
  if (!pid || !start || !is_hexadecimal(birth.id) || birth.id.rfind(instance, 0) != 0) {
    return std::nullopt;
  }
  birth.pid = *pid;
  birth.start = *start;
  return birth;
}

/// False: it is no line of a ledger.
bool take_line(std::string_view line, std::vector<Section>& sections) {
  const std::string_view verb = word(line);
  if (verb == "daemon") {
    auto section = section_of(line);
    if (section) sections.push_back(std::move(*section));
    return section.has_value();
  }
  if (sections.empty()) return false;
  auto& births = sections.back().births;
  if (verb == "born" || verb == "guard") {
    auto birth = birth_of(line, sections.back().instance);
    if (!birth) return false;
    birth->guard = verb == "guard";
    births.push_back(std::move(*birth));
    return true;
  }
  if (verb != "gone" || !is_hexadecimal(line)) return false;
  births.erase(std::remove_if(births.begin(), births.end(),
                              [&](const Birth& birth) { return birth.id == line; }),
               births.end());
  return true;
}

}  // namespace

LedgerText parse_ledger(std::string_view text) {
  LedgerText found;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    // A torn line may look whole: "born ... 12" of 1234.
    if (end == std::string_view::npos || !take_line(text.substr(0, end), found.sections)) {
      ++found.skipped;
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return found;
}

std::string line_of(const Birth& birth) {
  return fmt::format("{} {} {} {} {}\n", birth.guard ? "guard" : "born", birth.id, birth.pid,
                     birth.start, birth.name);
}

std::string gone_line(const std::string& id) { return "gone " + id + "\n"; }

std::string text_of(const Section& section) {
  std::string text = fmt::format("daemon {} {} {} {} {}", section.boot, section.pid_namespace,
                                 section.pid, section.start, section.instance);
  if (!section.cgroup.empty()) {
    text += fmt::format(" {} {}", section.cgroup_inode, section.cgroup);
  }
  text += '\n';
  for (const Birth& birth : section.births) text += line_of(birth);
  return text;
}

}  // namespace masterd::supervisor
