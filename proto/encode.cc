#include <fmt/format.h>

#include <cmath>

#include "proto/rpc.h"

namespace masterd::proto {
namespace {

namespace json = boost::json;

void write_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t length = utf8_sequence(text);
    const char c = text.front();
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else if (length > 1) {
      out += text.substr(0, length);
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      // DEL needs no escape in JSON; it gets one so that a terminal never sees a control character.
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

void write_double(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  const std::string digits = fmt::format("{}", number);  // the shortest that reads back the same
  out += digits;
  // A double stays one for readers that tell 3 from 3.0.
  if (digits.find_first_of(".e") == std::string::npos) out += ".0";
}

// Recursion is as deep as the value: 32 for what parse() made, a handful for what the daemon makes.
void write(std::string& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      out += "null";
      break;
    case json::kind::bool_:
      out += value.get_bool() ? "true" : "false";
      break;
    case json::kind::int64:
      fmt::format_to(std::back_inserter(out), "{}", value.get_int64());
      break;
    case json::kind::uint64:
      fmt::format_to(std::back_inserter(out), "{}", value.get_uint64());
      break;
    case json::kind::double_:
      write_double(out, value.get_double());
      break;
    case json::kind::string:
      write_string(out, std::string_view{value.get_string()});
      break;
    case json::kind::array: {
      out += '[';
      const char* separator = "";
      for (const json::value& item : value.get_array()) {
        out += separator;
        write(out, item);
        separator = ",";
      }
      out += ']';
      break;
    }
    case json::kind::object: {
      out += '{';
      const char* separator = "";
      for (const auto& [key, item] : value.get_object()) {
        out += separator;
        write_string(out, std::string_view{key});
        out += ':';
        write(out, item);
        separator = ",";
      }
      out += '}';
      break;
    }
  }
}

}  // namespace

Error application_error(std::string_view reason, std::string message, json::object extra) {
  json::object data{{"reason", json::string_view{reason.data(), reason.size()}}};
  for (const auto& member : extra) {
    if (member.key() != "reason") data.emplace(member.key(), member.value());
  }
  return {kApplicationError, std::move(message), std::move(data)};
}

std::string_view reason_of(const Error& error) {
  const auto* data = error.data.if_object();
  const auto* reason = data == nullptr ? nullptr : data->if_contains("reason");
  if (reason == nullptr || !reason->is_string()) return {};
  return std::string_view{reason->get_string()};
}

json::value result_value(const Id& id, json::value result) {
  return json::object{{"jsonrpc", "2.0"}, {"result", std::move(result)}, {"id", id}};
}

json::value error_value(const Id& id, const Error& error) {
  json::object body{{"code", error.code}, {"message", error.message}};
  if (!error.data.is_null()) body.emplace("data", error.data);
  return json::object{{"jsonrpc", "2.0"}, {"error", std::move(body)}, {"id", id}};
}

std::string encode(const json::value& value) {
  std::string out;
  write(out, value);
  return out;
}

std::string make_request(std::string_view method, json::object params, const Id& id) {
  return encode(json::object{{"jsonrpc", "2.0"},
                             {"method", json::string_view{method.data(), method.size()}},
                             {"params", std::move(params)},
                             {"id", id}});
}

}  // namespace masterd::proto
