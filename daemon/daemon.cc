#include "daemon/daemon.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "config/load.h"
#include "daemon/check.h"
#include "daemon/start_error.h"
#include "masterd_version.h"

namespace masterd::daemon {
namespace {

/// The session that the command line asks for, before anything else exists that would have to be
/// undone.
std::optional<config::SessionSpec> first_session(const Settings& settings,
                                                 const ConfigStore& store) {
  if (settings.session.empty()) return std::nullopt;
  Loaded loaded = store.load(settings.session);
  if (auto* spec = std::get_if<config::SessionSpec>(&loaded)) return std::move(*spec);
  throw StartError{kExitConfig, fmt::format("{}", fmt::join(faults(loaded), "\nmasterd: "))};
}

std::unique_ptr<supervisor::Cgroups> cgroups_for(const Settings& settings, fsm::EventLoop& loop,
                                                 Log& log) {
  if (!settings.cgroups) return nullptr;
  supervisor::CgroupSearch found = supervisor::find_cgroups(loop);
  if (!found.cgroups) log.info("masterd", "no cgroups, a mark instead: " + found.why_not);
  return std::move(found.cgroups);
}

}  // namespace

Daemon::Daemon(const Settings& settings)
    : log_{settings.log_level, settings.log_format},
      signals_{loop_, {SIGTERM, SIGINT, SIGHUP, SIGUSR1}, [this](int signo) { on_signal(signo); }},
      exits_{supervisor::make_sigchld_exits(loop_)},
      server_{loop_, context_, log_},
      publisher_{loop_, context_},
      store_{settings.config_dirs, ::geteuid()},
      pending_{loop_},
      recorder_{publisher_, history_, pending_, log_},
      cgroups_{cgroups_for(settings, loop_, log_)},
      launcher_{loop_, *exits_, cgroups_.get()},
      fsm_{loop_, launcher_, settings.hook, recorder_, log_},
      methods_{{loop_, fsm_, store_, publisher_, history_, pending_, loop_.now()}} {
  // A client or a log reader that goes away is an error of one write, not the end of the daemon.
  // So is a log file that reaches RLIMIT_FSIZE. Children get the default handlers back.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  loop_.on_error([this](const std::exception& error) {
    log_.error("masterd", fmt::format("an event handler failed: {}", error.what()));
  });
  auto session = first_session(settings, store_);
  for (const auto& endpoint : settings.endpoints) {
    log_.info("masterd", "requests at " + server_.bind(endpoint));
  }
  for (const auto& endpoint : settings.events) {
    log_.info("masterd", "events at " + publisher_.bind(endpoint));
  }
  server_.serve([this](const proto::Request& request, Role role, Reply reply) {
    methods_.dispatch(request, role, std::move(reply));
  });
  fsm_.start();
  if (session) fsm_.pick(*std::move(session), true);
}

int Daemon::run() {
  log_.info("masterd", fmt::format("version {}, pid {}", MASTERD_VERSION, ::getpid()));
  loop_.run();
  pending_.close(proto::application_error("shutting_down", "the daemon has ended"));
  if (fsm_.outcome() == fsm::Outcome::Failed) {
    log_.error("masterd", "ended by an error of its own: " + fsm_.failure());
    return kExitSystem;
  }
  log_.info("masterd", "ended");
  return fsm_.vital_failed() ? kExitSessionFailed : kExitOk;
}

void Daemon::on_signal(int signo) {
  if (signo == SIGHUP) return reload();
  if (signo == SIGUSR1) return reopen_files();
  const std::string reason = "signal " + config::signal_name(signo);
  if (fsm_.shutdown_requested()) {
    log_.info("masterd", reason + ": a shutdown is in progress already");
    return;
  }
  log_.info("masterd", reason + ": shutting down");
  fsm_.shutdown(reason);
}

void Daemon::reopen_files() {
  if (SessionFsm* session = fsm_.session()) session->supervisor().reopen_outputs();
  log_.info("masterd", "signal SIGUSR1: output files are opened anew");
}

void Daemon::reload() {
  SessionFsm* session = fsm_.session();
  if (session == nullptr || session->state() == SessionState::Stopping) {
    log_.info("masterd", "signal SIGHUP: there is no session to read again");
    return;
  }
  const std::string path = session->supervisor().spec().path;
  if (path.empty()) {
    log_.warning("masterd", "signal SIGHUP: the session was set from text; there is no file");
    return;
  }
  Loaded loaded = store_.load_path(path);
  if (auto* spec = std::get_if<config::SessionSpec>(&loaded)) {
    const auto changes = session->reconfigure(std::move(*spec));
    pending_.look_at_all();
    log_.info("masterd",
              fmt::format("signal SIGHUP: {} read again: {} added, {} removed, {} changed", path,
                          changes.added.size(), changes.removed.size(), changes.changed.size()));
    return;
  }
  log_.error("masterd", fmt::format("signal SIGHUP: {} changes nothing:", path));
  for (const std::string& fault : faults(loaded)) log_.error("masterd", fault);
}

}  // namespace masterd::daemon
