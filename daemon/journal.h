// journal -- records with fields, for a daemon whose stderr is the journal. Bare lines on stderr
// would leave it to guess whose they are, and how grave.
//
// Sending blocks while journald stands still, as a write to stderr does. Owner of the decision:
// Log.
#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>

namespace masterd::daemon {

/// Whether `stream`, the value of $JOURNAL_STREAM or nullptr, says that `fd` leads to the journal:
/// "DEVICE:INODE" (systemd.exec(5)). Without a match the variable is somebody else's, inherited.
bool leads_to_journal(const char* stream, int fd);

/// Whether journald listens where sd_journal_sendv() would send; it would say nothing if not.
bool journal_listens();

/// Name and value. Names of A-Z, 0-9 and '_'; values may be anything.
using JournalField = std::pair<std::string_view, std::string_view>;

/// Sends one record; fields without a value are left out. Returns 0 or an errno.
int send_to_journal(std::initializer_list<JournalField> fields);

}  // namespace masterd::daemon
