// coprocess_set -- the coprocesses of a session in file order, by name, and who requires whom.
//
// Owner: SupervisorFsm. Keeps the units' counters and the session's totals truthful: whoever
// changes a coprocess calls recount() afterwards, which tells whom the change may concern.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/spec.h"
#include "supervisor/coprocess.h"

namespace masterd::supervisor {

class CoprocessSet {
 public:
  /// `concerned` is called for each coprocess that a recount() may give something to do.
  explicit CoprocessSet(std::function<void(Coprocess&)> concerned)
      : concerned_{std::move(concerned)} {}

  /// Adds what is new in `spec` and takes its order; those that it lacks stay, behind the others.
  /// link() is due afterwards.
  void adopt(const config::SessionSpec& spec);
  /// Destroys the coprocesses that `gone` holds for; each without a life. link() is due afterwards.
  void remove_if(const std::function<bool(const Coprocess&)>& gone);
  /// Finds anew who requires whom, after specs changed, and counts everything afresh.
  void link();
  /// Brings the counters up to date with one coprocess that changed, and with those that depend on
  /// it: a chain that waits for a stopped coprocess is as stuck at its far end, at once.
  void recount(Coprocess& coprocess);

  /// nullptr: there is none.
  [[nodiscard]] Coprocess* find(std::string_view name) const;
  [[nodiscard]] const std::vector<std::unique_ptr<Coprocess>>& all() const { return all_; }

  [[nodiscard]] unsigned live() const { return totals_.live; }
  [[nodiscard]] unsigned unready() const { return totals_.unready; }
  [[nodiscard]] unsigned moving() const { return totals_.moving; }
  [[nodiscard]] unsigned troubled() const { return totals_.troubled; }

 private:
  struct Totals {
    unsigned live = 0;
    unsigned unready = 0;
    unsigned moving = 0;
    unsigned troubled = 0;
  };

  Unit* unit(const std::string& name);
  void recount_one(Coprocess& coprocess);
  void count(const Facts& facts, unsigned by);
  void concern(const std::vector<Coprocess*>& coprocesses) const;

  std::function<void(Coprocess&)> concerned_;
  std::vector<std::unique_ptr<Coprocess>> all_;
  std::map<std::string, Coprocess*, std::less<>> by_name_;
  std::vector<config::GroupSpec> group_specs_;
  std::map<std::string, Unit, std::less<>> groups_;
  Totals totals_;
  std::vector<Coprocess*> to_recount_;  // empty between calls
};

}  // namespace masterd::supervisor
