#include "ctl/run.h"

#include <filesystem>
#include <new>

#include "ctl/complete.h"
#include "ctl/exit_code.h"
#include "ctl/follow.h"
#include "ctl/options.h"
#include "ctl/pictures.h"
#include "ctl/render.h"
#include "ctl/request.h"
#include "ctl/status.h"
#include "ctl/write.h"
#include "proto/client.h"
#include "proto/endpoint.h"

namespace masterd::ctl {
namespace {

namespace json = boost::json;

ExitCode code_of(const proto::Error& error) {
  const std::string_view reason = proto::reason_of(error);
  if (reason == "timeout") return kTimedOut;
  const bool wrong_name = reason == "unknown_coprocess" || reason == "unknown_config" ||
                          error.code == proto::kMethodNotFound ||
                          error.code == proto::kInvalidParams;
  return wrong_name ? kUsage : kFailed;
}

/// `check` has a result also when the config is bad.
ExitCode report_check(const json::value& result, const Streams& io) {
  const auto* object = result.if_object();
  const auto* ok = object == nullptr ? nullptr : object->if_contains("ok");
  if (ok != nullptr && ok->is_bool() && ok->get_bool()) return kDone;
  const auto* diagnostics = object == nullptr ? nullptr : object->if_contains("diagnostics");
  io.complain("the config is not valid (bad_config)");
  if (diagnostics != nullptr) io.err << render_diagnostics(*diagnostics) << std::flush;
  return kFailed;
}

/// Of `rotate`: each file tells for itself.
bool any_error(const json::value& result) {
  const auto* object = result.if_object();
  const auto* files = object == nullptr ? nullptr : object->if_contains("files");
  if (files == nullptr || !files->is_array()) return false;
  for (const json::value& file : files->get_array()) {
    if (file.is_object() && file.get_object().contains("error")) return true;
  }
  return false;
}

ExitCode carry_out(const Invocation& in, const Streams& io) {
  const std::string endpoint =
      in.endpoint.empty() ? proto::default_control_endpoint() : in.endpoint;
  if (in.verb == "events") {
    follow_events(endpoint, in, io);
    return kDone;
  }
  if (in.verb == "logs" && in.follow) {
    follow_logs(endpoint, in, io);
    return kDone;
  }
  proto::Client client{endpoint};
  if (in.verb == "write") {
    write_stdin(client, in, io);
    return kDone;
  }
  if (is_picture(in.verb)) {
    io.print(picture(client, in));
    return kDone;
  }
  std::error_code ignored;
  const WireRequest request = make_wire_request(in, io.in, std::filesystem::current_path(ignored));
  const json::value result = client.call(request.method, request.params, request.timeout);
  if (in.json) {
    io.print(proto::encode(result) + "\n");
  } else if (in.verb == "status" && !in.name.empty()) {
    io.print(render_details(result, io.colours));
  } else {
    io.print(render_result(in.verb, result, io.colours));
  }
  if (in.verb == "rotate" && any_error(result)) {
    throw Failure{kFailed, "not every file could be rotated"};
  }
  if (in.verb == "check") return report_check(result, io);
  if (in.verb == "shutdown" && in.wait && !client.wait_gone(wait_timeout(in))) {
    throw Failure{kTimedOut, "the daemon has accepted, but is still there"};
  }
  return kDone;
}

}  // namespace

int run(std::vector<std::string> args, const Streams& io) {
  const auto fail = [&](ExitCode code, std::string_view message) {
    io.complain(message);
    return code;
  };
  try {
    if (!args.empty() && args.front() == kCompleteVerb) {
      io.print(complete({args.begin() + 1, args.end()}));
      return kDone;
    }
    auto parsed = parse_command_line(std::move(args));
    if (const auto* answered = std::get_if<Answered>(&parsed)) {
      if (answered->code != kDone) return fail(kUsage, answered->text);
      io.print(answered->text);
      return kDone;
    }
    return carry_out(std::get<Invocation>(parsed), io);
  } catch (const ReaderGone&) {
    return kDone;
  } catch (const Failure& failure) {
    return fail(failure.code, failure.what());
  } catch (const proto::NoDaemon& e) {
    return fail(kNoDaemon, e.what());
  } catch (const proto::TimedOut& e) {
    return fail(kTimedOut, e.what());
  } catch (const proto::Refused& e) {
    return fail(code_of(e.error), render_error(e.error));
  } catch (const std::invalid_argument& e) {  // the endpoint
    return fail(kUsage, e.what());
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& e) {
    return fail(kFailed, e.what());
  }
}

}  // namespace masterd::ctl
