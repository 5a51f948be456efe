#include "supervisor/supervisor_fsm.h"

#include <utility>

#include "supervisor/supervision.h"

namespace masterd::supervisor {

SupervisorFsm::SupervisorFsm(fsm::EventLoop& loop, Launcher& launcher, config::SessionSpec spec,
                             Sink& sink)
    : MealyCoroutine{loop, "supervisor"},
      sink_{sink},
      supervision_{std::make_unique<Supervision>(loop, launcher, std::move(spec), sink,
                                                 [this] { resume(); })} {}

SupervisorFsm::~SupervisorFsm() { unwind(); }

void SupervisorFsm::state_machine() {
  supervision_->begin();
  for (;;) {
    supervision_->settle();
    yield();
  }
}

void SupervisorFsm::shutdown_state_machine() {
  supervision_->end_all(*shutdown_reason());
  supervision_->settle();
  while (supervision_->live() > 0) {
    yield();
    supervision_->settle();
  }
}

void SupervisorFsm::start_coprocess(const std::string& name) {
  supervision_->start(supervision_->at(name), "start requested");
}
void SupervisorFsm::stop_coprocess(const std::string& name, bool now) {
  supervision_->stop(supervision_->at(name), now);
}
void SupervisorFsm::restart_coprocess(const std::string& name, bool now) {
  supervision_->restart(supervision_->at(name), now);
}
int SupervisorFsm::signal_coprocess(const std::string& name, int signo) {
  return supervision_->signal(supervision_->at(name), signo);
}
int SupervisorFsm::write_stdin(const std::string& name, std::string_view data) {
  return supervision_->write_stdin(supervision_->at(name), data);
}
int SupervisorFsm::rotate_output(const std::string& name) {
  return supervision_->rotate_output(supervision_->at(name));
}
void SupervisorFsm::reopen_outputs() { supervision_->reopen_outputs(); }
std::map<std::string, RestartHistory> SupervisorFsm::histories() const {
  return supervision_->histories();
}
void SupervisorFsm::remember(const std::map<std::string, RestartHistory>& histories) {
  supervision_->remember(histories);
}
std::vector<pid_t> SupervisorFsm::tree(std::string_view name) const {
  const auto& life = supervision_->at(name).life;
  if (!life || life->process() == nullptr) return {};
  return life->process()->tree();
}
Changes SupervisorFsm::reconfigure(config::SessionSpec spec) {
  return supervision_->reconfigure(std::move(spec));
}

const config::SessionSpec& SupervisorFsm::spec() const { return supervision_->spec(); }
bool SupervisorFsm::has(std::string_view name) const {
  return supervision_->set().find(name) != nullptr;
}
CoprocessView SupervisorFsm::view(std::string_view name) const {
  return supervision_->at(name).view();
}
State SupervisorFsm::state(std::string_view name) const { return supervision_->at(name).state; }
std::string SupervisorFsm::output_file(std::string_view name) const {
  const auto& file = supervision_->at(name).file;
  return file ? file->path() : std::string{};
}
const OutputRing& SupervisorFsm::ring(std::string_view name) const {
  return supervision_->at(name).ring;
}

std::vector<CoprocessView> SupervisorFsm::views() const {
  std::vector<CoprocessView> views;
  views.reserve(supervision_->set().all().size());
  for (const auto& c : supervision_->set().all()) views.push_back(c->view());
  return views;
}

bool SupervisorFsm::all_ready() const { return supervision_->set().unready() == 0; }
bool SupervisorFsm::settled() const { return supervision_->set().moving() == 0; }
bool SupervisorFsm::degraded() const { return supervision_->set().troubled() > 0; }
bool SupervisorFsm::possible(std::string_view name, State state) const {
  return supervision_->possible(supervision_->at(name), state);
}
std::optional<std::string> SupervisorFsm::cannot_start(std::string_view name) const {
  const Coprocess* spent = Supervision::cannot_start(supervision_->at(name));
  if (spent == nullptr) return std::nullopt;
  return spent->spec.name;
}

}  // namespace masterd::supervisor
