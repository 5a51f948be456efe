#include <fmt/format.h>

#include "proto/rpc.h"

namespace masterd::proto {
namespace {

namespace json = boost::json;

BadRequest bad(int code, std::string message, Id id = nullptr) {
  return {std::move(id), {code, std::move(message), nullptr}};
}

/// Why `id` can't be one; empty when it can.
std::string id_problem(const json::value& id) {
  if (const auto* text = id.if_string()) {
    if (text->size() <= kMaxIdBytes) return {};
    return fmt::format("id is a string of {} bytes; the limit is {}", text->size(), kMaxIdBytes);
  }
  if (id.is_null() || id.is_int64() || id.is_uint64()) return {};
  return "id must be null, an integer or a string";
}

Item parse_request(json::value& value) {
  auto* object = value.if_object();
  if (object == nullptr) return bad(kInvalidRequest, "a request must be an object");

  std::optional<Id> id;
  if (const auto* found = object->if_contains("id")) {
    std::string problem = id_problem(*found);
    if (!problem.empty()) return bad(kInvalidRequest, std::move(problem));
    id = *found;
  }
  const Id answer_to = id.value_or(nullptr);

  const auto* version = object->if_contains("jsonrpc");
  if (version == nullptr || *version != "2.0") {
    return bad(kInvalidRequest, R"("jsonrpc" must be "2.0")", answer_to);
  }
  const auto* method = object->if_contains("method");
  if (method == nullptr || !method->is_string()) {
    return bad(kInvalidRequest, R"("method" must be a string)", answer_to);
  }
  Request request;
  request.method = std::string_view{method->get_string()};
  request.id = std::move(id);
  if (auto* params = object->if_contains("params")) {
    // JSON-RPC allows positional params in an array; our methods take named ones only.
    if (params->is_array()) {
      return bad(kInvalidParams, "params must be an object: parameters are named, not positional",
                 answer_to);
    }
    if (!params->is_object()) {
      return bad(kInvalidRequest, R"("params" must be an object)", answer_to);
    }
    request.params = std::move(params->get_object());
  }
  return request;
}

Message whole(BadRequest error) {
  Message message;
  message.items.emplace_back(std::move(error));
  return message;
}

}  // namespace

Message parse(std::string_view bytes) {
  if (bytes.size() > kMaxMessage) {
    return whole(bad(kInvalidRequest, fmt::format("the message has {} bytes; the limit is {}",
                                                  bytes.size(), kMaxMessage)));
  }
  if (bytes.empty()) return whole(bad(kParseError, "the message is empty"));

  json::parse_options options;
  options.max_depth = kMaxDepth;
  boost::system::error_code failure;
  json::value root = json::parse(json::string_view{bytes.data(), bytes.size()}, failure,
                                 json::storage_ptr{}, options);
  if (failure == json::error::too_deep) {
    return whole(bad(kInvalidRequest, fmt::format("nested deeper than {} levels", kMaxDepth)));
  }
  if (failure) return whole(bad(kParseError, "not JSON: " + failure.message()));

  Message message;
  if (auto* batch = root.if_array()) {
    if (batch->empty()) return whole(bad(kInvalidRequest, "an empty batch"));
    if (batch->size() > kMaxBatch) {
      return whole(bad(kInvalidRequest, fmt::format("a batch of {} requests; the limit is {}",
                                                    batch->size(), kMaxBatch)));
    }
    message.batch = true;
    for (json::value& item : *batch) message.items.push_back(parse_request(item));
  } else {
    message.items.push_back(parse_request(root));
  }
  return message;
}

}  // namespace masterd::proto
