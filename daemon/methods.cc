#include "daemon/methods.h"

#include <fmt/format.h>

#include <array>

#include "daemon/handlers.h"
#include "daemon/status_json.h"
#include "proto/text.h"

namespace masterd::daemon {
namespace {

struct Method {
  std::string_view name;
  Role minimum;
  bool begins;  // something new: refused once the daemon is on its way down
  Handled (*handle)(Services&, Call&);
};

constexpr std::array kMethods{
    Method{"ping", Role::Observer, false, handle_ping},
    Method{"rpc.discover", Role::Observer, false, handle_discover},
    Method{"status", Role::Observer, false, handle_status},
    Method{"list_configs", Role::Observer, false, handle_list_configs},
    Method{"check_config", Role::Observer, false, handle_check_config},
    Method{"set_config", Role::Operator, true, handle_set_config},
    Method{"end_session", Role::Operator, true, handle_end_session},
    Method{"shutdown", Role::Operator, false, handle_shutdown},
    Method{"start", Role::Operator, true, handle_start},
    Method{"stop", Role::Operator, false, handle_stop},
    Method{"restart", Role::Operator, true, handle_restart},
    Method{"signal", Role::Operator, false, handle_signal},
    Method{"write_stdin", Role::Operator, false, handle_write_stdin},
    Method{"wait", Role::Observer, false, handle_wait},
    Method{"tree", Role::Observer, false, handle_tree},
    Method{"rotate_logs", Role::Operator, false, handle_rotate_logs},
    Method{"logs", Role::Observer, false, handle_logs},
    Method{"history", Role::Observer, false, handle_history},
};

const Method* find_method(std::string_view name) {
  for (const Method& method : kMethods) {
    if (method.name == name) return &method;
  }
  return nullptr;
}

proto::Error unknown_method(std::string_view name) {
  const std::string shown = proto::sanitize_utf8(name.substr(0, 64));
  std::string message = fmt::format("there is no method '{}'", shown);
  const std::string_view near = proto::nearest(name.substr(0, 64), Methods::names());
  if (!near.empty()) message += fmt::format("; did you mean '{}'?", near);
  return {proto::kMethodNotFound, std::move(message), {}};
}

proto::Error not_permitted(std::string_view what, Role role, Role needed) {
  return proto::application_error("not_permitted",
                                  fmt::format("{} needs the role {}; this endpoint gives {}", what,
                                              to_string(needed), to_string(role)));
}

}  // namespace

std::vector<std::string_view> Methods::names() {
  std::vector<std::string_view> names;
  for (const Method& method : kMethods) names.push_back(method.name);
  return names;
}

void Methods::dispatch(const proto::Request& request, Role role, Reply reply) {
  const Method* method = find_method(request.method);
  if (method == nullptr) return reply.error(unknown_method(request.method));
  if (role < method->minimum) {
    return reply.error(not_permitted(method->name, role, method->minimum));
  }
  if (method->begins && services_.fsm.shutdown_requested()) {
    return reply.error(proto::application_error("shutting_down", "the daemon is shutting down"));
  }
  Call call{request.params, role, std::move(reply)};
  const Handled handled = method->handle(services_, call);
  if (!handled) return;
  if (const auto* error = std::get_if<proto::Error>(&*handled)) {
    call.reply.error(*error);
  } else {
    call.reply.result(std::get<boost::json::value>(*handled));
  }
}

// ---- what several handlers need ----

Handled later(Services& services, Call& call, std::unique_ptr<SlowRequest> request,
              std::optional<std::chrono::milliseconds> timeout) {
  const fsm::Deadline deadline = services.loop.now() + timeout.value_or(kDefaultTimeout);
  services.pending.add(std::move(call.reply), std::move(request), deadline);
  return std::nullopt;
}

proto::Error no_session() { return proto::application_error("no_session", "there is no session"); }

proto::Error unknown_coprocess(const std::string& name) {
  const std::string shown = proto::sanitize_utf8(name.substr(0, 200));
  return proto::application_error(
      "unknown_coprocess", fmt::format("no coprocess is called '{}'", shown), {{"name", shown}});
}

proto::Error config_error(const Loaded& loaded) {
  if (const auto* unknown = std::get_if<UnknownConfig>(&loaded)) {
    return proto::application_error("unknown_config", unknown->message);
  }
  if (const auto* several = std::get_if<AmbiguousConfig>(&loaded)) {
    return proto::application_error(
        "ambiguous_config", several->message,
        {{"paths", boost::json::array(several->paths.begin(), several->paths.end())}});
  }
  const auto& diagnostics = std::get<config::Diagnostics>(loaded);
  return proto::application_error("bad_config", diagnostics.front().to_string(),
                                  {{"diagnostics", diagnostics_json(diagnostics)}});
}

std::variant<config::SessionSpec, proto::Error> load_wanted(
    const Services& services, Role role, const std::optional<std::string>& name,
    const std::optional<std::string>& text) {
  if (name.has_value() == text.has_value()) {
    return proto::Error{proto::kInvalidParams, "give either \"config\" or \"text\"",
                        boost::json::object{{"reason", "bad_params"}, {"param", "config"}}};
  }
  if (role < Role::Admin && !(name && services.store.is_configured(*name))) {
    return not_permitted("a configuration that is not in the configured folders", role,
                         Role::Admin);
  }
  Loaded loaded = name ? services.store.load(*name) : services.store.load_text(*text);
  if (auto* spec = std::get_if<config::SessionSpec>(&loaded)) return std::move(*spec);
  return config_error(loaded);
}

supervisor::SupervisorFsm* supervisor_of(Services& services) {
  SessionFsm* session = services.fsm.session();
  return session == nullptr ? nullptr : &session->supervisor();
}

}  // namespace masterd::daemon
