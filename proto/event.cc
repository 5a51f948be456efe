#include "proto/event.h"

#include <fmt/format.h>

#include "proto/rpc.h"

namespace masterd::proto {
namespace {

namespace json = boost::json;

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

std::string session_topic() { return "session."; }
std::string coprocess_topic(std::string_view name) { return fmt::format("coprocess.{}.", name); }
std::string log_topic(std::string_view name) { return fmt::format("log.{}.", name); }
std::string heartbeat_topic() { return "heartbeat."; }

json::object exit_code(int code) { return {{"code", code}}; }
json::object exit_signal(std::string_view signal_name) { return {{"signal", view(signal_name)}}; }

json::object session_event(std::string_view session, std::string_view from, std::string_view to,
                           std::string_view cause) {
  return {{"type", "session"},
          {"session", view(session)},
          {"from", view(from)},
          {"to", view(to)},
          {"cause", view(cause)}};
}

json::object coprocess_event(std::string_view name, std::string_view from, std::string_view to,
                             std::string_view cause, std::optional<std::int64_t> pid,
                             std::optional<json::object> last_exit) {
  json::object event{{"type", "coprocess"},
                     {"name", view(name)},
                     {"from", view(from)},
                     {"to", view(to)},
                     {"cause", view(cause)}};
  if (pid) event.emplace("pid", *pid);
  if (last_exit) event.emplace("last_exit", std::move(*last_exit));
  return event;
}

json::object log_event(std::string_view name, std::string_view stream, std::string_view text,
                       std::uint64_t line_seq) {
  return {{"type", "log"},
          {"name", view(name)},
          {"stream", view(stream)},
          {"text", view(text)},
          {"line_seq", line_seq}};
}

json::object heartbeat_event(double uptime_s) {
  return {{"type", "heartbeat"}, {"uptime_s", uptime_s}};
}

std::string encode_event(std::string_view topic, std::uint64_t seq, std::uint64_t topic_seq,
                         std::chrono::system_clock::time_point time, const json::object& event) {
  json::object params{
      {"seq", seq}, {"topic", view(topic)}, {"topic_seq", topic_seq}, {"time", rfc3339(time)}};
  for (const auto& member : event) params.emplace(member.key(), member.value());
  return encode(
      json::object{{"jsonrpc", "2.0"}, {"method", "event"}, {"params", std::move(params)}});
}

std::optional<json::object> decode_event(std::string_view text) {
  Message message = parse(text);
  auto* request = std::get_if<Request>(&message.items.front());
  if (message.batch || request == nullptr || request->method != "event") return std::nullopt;
  return std::move(request->params);
}

}  // namespace masterd::proto
