// Any bytes as a message, and any bytes as text inside an answer: parse() must not fail, and what
// encode() writes must be JSON that holds what went in.
//
//   clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -I. tests/fuzz/rpc_fuzz.cc \
//     proto/{parse,encode,event,params,text}.cc -lboost_json -lfmt -o rpc_fuzz && ./rpc_fuzz
//     tests/fuzz/corpus/rpc
#include <cstdint>
#include <cstdlib>

#include "proto/event.h"
#include "proto/params.h"
#include "proto/rpc.h"

namespace {

namespace json = boost::json;
using namespace masterd::proto;

void require(bool condition) {
  if (!condition) std::abort();
}

/// Deep answers are the daemon's doing: the reader gets more levels than a request may have.
json::value read_back(const std::string& text) {
  json::parse_options options;
  options.max_depth = kMaxDepth + 8;
  boost::system::error_code failure;
  json::value value = json::parse(text, failure, {}, options);
  require(!failure);
  return value;
}

void answer(const Request& request) {
  Params params{request.params};
  params.optional_string("name");
  params.optional_uint("lines", 1, 10000);
  params.optional_seconds("timeout_s");
  params.optional_bool("wait", false);
  params.optional_choice("state", {"running", "stopped"});
  params.required_strings("names");
  if (const auto& error = params.finish()) {
    require(error->code == kInvalidParams);
    read_back(encode(error_value(request.id.value_or(nullptr), *error)));
  }
  const json::value response =
      read_back(encode(result_value(request.id.value_or(nullptr), request.params)));
  if (request.id) require(response.at("id") == *request.id);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const Message message = parse(bytes);
  require(!message.items.empty());
  for (const Item& item : message.items) {
    if (const auto* bad = std::get_if<BadRequest>(&item)) {
      require(!bad->error.message.empty());
      read_back(encode(error_value(bad->id, bad->error)));
    } else {
      answer(std::get<Request>(item));
    }
  }
  const std::string clean = sanitize_utf8(bytes);
  require(sanitize_utf8(clean) == clean);
  const json::value text = json::string{bytes.data(), bytes.size()};
  require(read_back(encode(text)) == json::value(clean));
  (void)decode_event(bytes);
  return 0;
}
