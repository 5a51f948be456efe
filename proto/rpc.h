// rpc -- JSON-RPC 2.0, bytes <-> values. No sockets, no loop. Total on hostile input.
//
// One JSON text per message. parse() answers what can be answered without knowing the methods:
// -32700 for garbage and an empty body, -32600 for over 1 MiB, depth over 32, a bad envelope or a
// batch over 32.
//
// What Boost.JSON 1.81 decides (tried): of duplicate keys the last wins; invalid UTF-8, lone
// surrogates, NaN and a byte order mark are refused; a number beyond a double's range becomes
// infinite, which encode() writes as null. Colliding keys can't slow it down: its tables are salted
// by their address.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/text.h"

namespace masterd::proto {

inline constexpr int kParseError = -32700;
inline constexpr int kInvalidRequest = -32600;
inline constexpr int kMethodNotFound = -32601;
inline constexpr int kInvalidParams = -32602;
inline constexpr int kInternalError = -32603;
inline constexpr int kApplicationError = -32000;  // data.reason is a stable word
inline constexpr std::size_t kMaxMessage = 1024 * 1024;
inline constexpr std::size_t kMaxDepth = 32;
inline constexpr std::size_t kMaxBatch = 32;
inline constexpr std::size_t kMaxIdBytes = 256;
/// Raised when an old client would misread a new daemon; docs/protocol.md has the history.
inline constexpr int kProtocolVersion = 1;

/// null, an integer or a string (256 bytes at most).
using Id = boost::json::value;

struct Error {
  int code = kInternalError;
  std::string message;
  boost::json::value data;  // null: absent
};
/// -32000 with {"reason": reason} and `extra` merged into data.
Error application_error(std::string_view reason, std::string message,
                        boost::json::object extra = {});
/// data.reason of an error, empty when it has none. The view lives as long as `error`.
std::string_view reason_of(const Error& error);

struct Request {
  std::string method;
  boost::json::object params;  // absent params: empty
  std::optional<Id> id;        // nullopt: a notification
};
/// A request that can't be one: its error, with the id where one could be read (null otherwise). It
/// is answered even without an id, since what is malformed can't be told from a notification.
struct BadRequest {
  Id id;
  Error error;
};
using Item = std::variant<Request, BadRequest>;
struct Message {
  bool batch = false;
  std::vector<Item>
      items;  // never empty; a whole-message error is one BadRequest with batch == false
};

/// Never throws but std::bad_alloc.
Message parse(std::string_view bytes);
/// One response object as a value.
boost::json::value result_value(const Id& id, boost::json::value result);
boost::json::value error_value(const Id& id, const Error& error);
/// One line of JSON text. Invalid UTF-8 becomes U+FFFD and a non-finite number null
/// (Boost.JSON 1.81 would write both as they are), and 1.5 is written as 1.5 (Boost.JSON
/// writes 1.5E0).
std::string encode(const boost::json::value& value);
std::string make_request(std::string_view method, boost::json::object params, const Id& id);

}  // namespace masterd::proto
