// output_file -- the lines of a coprocess in a file: appended, rotated, lost with a count when they
// cannot be written.
//
//   closed --flush()--> open --write fails--> open, losing --a write works--> open
//     ^                  |
//     +-- rotate(), close(), or somebody else has moved or removed the file (seen at flush()) --+
//
// Rotated by size: PATH.1 is the newest of the old ones, PATH.`keep` the oldest. Every file begins
// with a whole line; a line that does not fit on the disk any more leaves nothing of itself behind.
// Others may rotate it, too: what was renamed or removed is left alone and a new file made; what
// was truncated (logrotate's copytruncate) is appended to.
//
// Writes to a regular file block for as long as the disk does: no poll tells when it would not, and
// a thread for it would lose the order with everything else. Owner: Coprocess.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "config/process_spec.h"
#include "supervisor/owned_fd.h"

namespace masterd::supervisor {

class OutputFile {
 public:
  /// Something for the operator: that lines are lost and why, that no more are. Must not call back.
  using Note = std::function<void(const std::string&)>;

  /// Opens nothing yet.
  OutputFile(const config::OutputSpec& spec, Note note);
  /// Tells what was lost and not told yet.
  ~OutputFile() { tell_losses(); }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// Takes over another path, size or number of files; from the next flush() on.
  void configure(const config::OutputSpec& spec);
  /// A line without its end; kept until flush(). Lines are at most some KiB, and a flush() follows
  /// each chunk of them: what is kept is bounded by the caller.
  void add(std::string_view line);
  /// Writes what was added. Never throws: what cannot be written is lost, and counted.
  void flush();
  /// Rotates now, if there is anything in it. Returns errno: 0, or why it could not be.
  int rotate();
  void close() { fd_ = {}; }

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Lines that could not be written, ever.
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

 private:
  struct Written {
    std::size_t bytes = 0;  // of whole lines, where lines were written
    int error = 0;          // errno: why not all
  };

  bool open();
  bool current();
  [[nodiscard]] std::size_t fitting(std::string_view lines) const;
  Written write(std::string_view lines);
  Written append(std::string_view bytes);
  int shift() const;
  void lose(std::string_view lines, const std::string& why);
  void tell_losses();

  std::string path_;
  std::uint64_t max_size_ = 0;
  unsigned keep_ = 0;
  const Note note_;
  OwnedFd fd_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::uint64_t size_ = 0;       // of the open file
  bool torn_ = false;            // it ends within a line
  std::uint64_t rotate_at_ = 0;  // above max_size_ after a rotation that failed
  int rotation_error_ = 0;       // the last one, which was told
  std::string pending_;
  std::uint64_t lost_ = 0;
  std::uint64_t losing_ = 0;  // since the last write that worked
};

}  // namespace masterd::supervisor
