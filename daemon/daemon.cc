#include "daemon/daemon.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "config/load.h"
#include "daemon/address.h"
#include "daemon/check.h"
#include "daemon/start_error.h"
#include "daemon/status_text.h"
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
      store_{settings.config_dirs, ::geteuid(), settings.profiles, settings.defaults},
      pending_{loop_},
      recorder_{publisher_, history_, pending_, log_},
      service_{loop_, ServiceManager::of_this_process(), facts()},
      cgroups_{cgroups_for(settings, loop_, log_)},
      launcher_{loop_, *exits_, cgroups_.get(), &ledger_},
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
  bind(settings);
  server_.serve([this](const proto::Request& request, Role role, Reply reply) {
    methods_.dispatch(request, role, std::move(reply));
  });
  recorder_.on_change([this] { service_.changed(); });
  fsm_.on_stopping([this] { service_.stopping(); });
  keep_ledger(settings);
  fsm_.start();
  if (session) fsm_.pick(*std::move(session), true);
  // In a turn of the loop: from then on requests are answered.
  if (!survivors_) loop_.post([this] { service_.up(); });
}

void Daemon::bind(const Settings& settings) {
  const auto passed = [](const std::vector<PassedSocket>& sockets, const std::string& endpoint) {
    for (const PassedSocket& socket : sockets) {
      if (socket.endpoint == endpoint) return socket.fd;
    }
    return -1;
  };
  for (const auto& endpoint : settings.endpoints) {
    const int fd = passed(settings.passed.control, endpoint);
    log_.info("masterd", "requests at " + server_.bind(endpoint, fd));
  }
  for (const auto& endpoint : settings.events) {
    const int fd = passed(settings.passed.events, endpoint);
    log_.info("masterd", "events at " + publisher_.bind(endpoint, fd));
  }
}

Service::Facts Daemon::facts() const {
  return {[this] {
            if (survivors_ && !cleared_.is_set())
              return std::string{"ending what a killed masterd left"};
            return status_text(fsm_);
          },
          [this] { return waits_until(fsm_); }};
}

// Beside the first control socket, whose lock proves that whoever wrote it is dead.
void Daemon::keep_ledger(const Settings& settings) {
  for (const std::string& endpoint : settings.endpoints) {
    const std::string path = parse_address(endpoint).path;
    if (path.empty()) continue;
    const std::string cgroup = cgroups_ ? cgroups_->folder() : "";
    auto dead = ledger_.open(path + ".children", cgroup,
                             [this](const std::string& what) { log_.warning("masterd", what); });
    if (!dead.empty()) clear(std::move(dead));
    return;
  }
  log_.info("masterd",
            "no control socket in the file system: nothing would be known of what "
            "outlives a kill");
}

void Daemon::clear(std::vector<supervisor::Section> dead) {
  log_.warning("masterd",
               fmt::format("the masterd before (pid {}) has not ended in order", dead.back().pid));
  survivors_.emplace(loop_, std::move(dead), [this](bool trouble, const std::string& what) {
    if (trouble) {
      log_.error("survivors", what);
    } else {
      log_.warning("survivors", what);
    }
  });
  survivors_->on_end([this] {
    if (survivors_->outcome() == fsm::Outcome::Failed) {
      log_.error("survivors", "ended by an error of its own: " + survivors_->failure());
    } else {
      ledger_.forget_earlier();
    }
    cleared_.set();
    service_.up();
  });
  survivors_->start();
  fsm_.hold({cleared_, "survivors of a masterd that was killed", survivors_->until()});
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
  if (signo == SIGHUP) {
    service_.reload_begins();
    reload();
    service_.reload_ends();
    return;
  }
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
    const auto changes = fsm_.reconfigure(std::move(*spec));
    pending_.look_at_all();
    log_.info("masterd",
              fmt::format("signal SIGHUP: {} read again: {} added, {} removed, {} changed{}", path,
                          changes.added.size(), changes.removed.size(), changes.changed.size(),
                          changes.anew ? "; the session begins anew" : ""));
    return;
  }
  log_.error("masterd", fmt::format("signal SIGHUP: {} changes nothing:", path));
  for (const std::string& fault : faults(loaded)) log_.error("masterd", fault);
}

}  // namespace masterd::daemon
