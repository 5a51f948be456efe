#include "ctl/request.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "ctl/exit_code.h"
#include "proto/rpc.h"

namespace masterd::ctl {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

constexpr milliseconds kAnswer{10'000};
constexpr milliseconds kWait{60'000};
constexpr milliseconds kMargin{2'000};  // for the daemon's own timeout to arrive

json::value strings(const std::vector<std::string>& words) {
  json::array list;
  for (const std::string& word : words) list.emplace_back(word);
  return list;
}

std::string read_all(std::istream& in, const std::string& origin) {
  // A little over the limit of the wire: the daemon says so by name, and a device never ends.
  std::string text(proto::kMaxMessage + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) throw Failure{kFailed, fmt::format("cannot read {}", origin)};
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > proto::kMaxMessage) {
    throw Failure{kFailed, fmt::format("{} is larger than {} bytes", origin, proto::kMaxMessage)};
  }
  return text;
}

std::string read_text(const std::string& file, std::istream& in) {
  if (file == "-") return read_all(in, "the standard input");
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) {
    throw Failure{kFailed, fmt::format("cannot read {}: it is a folder", file)};
  }
  std::ifstream stream{file, std::ios::binary};
  if (!stream)
    throw Failure{kFailed, fmt::format("cannot read {}: {}", file, std::strerror(errno))};
  return read_all(stream, file);
}

json::object call_params(const std::string& text) {
  if (text.empty()) return {};
  boost::system::error_code failure;
  json::value value = json::parse(text, failure);
  if (failure) throw Failure{kUsage, fmt::format("PARAMS is not JSON: {}", failure.message())};
  if (!value.is_object()) throw Failure{kUsage, "PARAMS must be an object: parameters are named"};
  return std::move(value.get_object());
}

std::string method_of(const Invocation& in) {
  if (in.verb == "call") return in.method;
  if (in.verb == "list") return "list_configs";
  if (in.verb == "check") return "check_config";
  if (in.verb == "set-config") return "set_config";
  if (in.verb == "end-session") return "end_session";
  if (in.verb == "rotate") return "rotate_logs";
  return in.verb;
}

}  // namespace

milliseconds answer_timeout(const Invocation& in) { return in.timeout.value_or(kAnswer); }
milliseconds wait_timeout(const Invocation& in) { return in.timeout.value_or(kWait); }

std::string config_word(const std::string& config, const std::filesystem::path& cwd) {
  if (config.find_first_of("/.") == std::string::npos) return config;
  // Only "." is dropped: folding ".." would be wrong behind a symbolic link.
  std::filesystem::path absolute;
  for (const auto& part : cwd / config) {
    if (part != ".") absolute /= part;
  }
  return absolute.string();
}

WireRequest make_wire_request(const Invocation& in, std::istream& input,
                              const std::filesystem::path& cwd) {
  WireRequest request{method_of(in), {}, answer_timeout(in)};
  json::object& params = request.params;
  if (in.verb == "call") params = call_params(in.params);
  if (!in.name.empty()) params["name"] = in.name;
  if (!in.names.empty()) params["names"] = strings(in.names);
  if (!in.config.empty()) params["config"] = config_word(in.config, cwd);
  if (!in.text_file.empty()) params["text"] = read_text(in.text_file, input);
  if (!in.signal.empty()) params["signal"] = in.signal;
  if (!in.state.empty()) params["state"] = in.state;
  if (!in.reason.empty()) params["reason"] = in.reason;
  if (in.dry_run) params["dry_run"] = true;
  if (in.now) params["now"] = true;
  if (in.lines) params["lines"] = *in.lines;
  if (in.since_seq) params["since_seq"] = *in.since_seq;
  if (in.limit) params["limit"] = *in.limit;

  // shutdown is answered at once; its --wait is for the daemon's end, which no daemon can tell.
  const bool waits = in.verb == "wait" || (in.wait && in.verb != "shutdown");
  if (waits) {
    if (in.verb == "set-config") {
      params["wait"] = "ready";
    } else if (in.verb != "wait") {
      params["wait"] = true;
    }
    params["timeout_s"] = std::chrono::duration<double>(wait_timeout(in)).count();
    request.timeout = wait_timeout(in) + kMargin;
  }
  return request;
}

}  // namespace masterd::ctl
