// instances -- what becomes of one [coprocess.X]: none (`when`, `unless`, a `for_each` without
// values), one, or several (`instances`, `for_each`).
//
//   read_instances  each table to its drafts; one that is off is read and checked all the same
//   dependencies.h  checks them, the name in the file standing for all that were made from it
//   settle          names of files to names of coprocesses; what is off goes
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/coprocess_keys.h"

namespace masterd::config {

/// Appends NAME, or NAME-1 to NAME-N. Reads no more once there are more than kMaxNames or
/// kMaxExpandedBytes; returns how many the table asks for.
std::size_t read_instances(const std::string& name, const CoprocessSpec& defaults,
                           const TableReader& table, const Scope& scope, std::size_t& bytes,
                           std::vector<CoprocessDraft>& drafts);

/// No two may write to one file, which each would rotate; nor to one that a rotation replaces.
void check_output_files(const std::vector<CoprocessDraft>& drafts, Report& report);

/// For drafts that have passed the checks. A requirement of a family becomes one of each instance;
/// what is off is dropped with the requirements on it, and so is a group that it leaves empty.
void settle(std::vector<GroupDraft>& groups, std::vector<CoprocessDraft>& drafts);

}  // namespace masterd::config
