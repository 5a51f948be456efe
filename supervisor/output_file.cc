#include "supervisor/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace masterd::supervisor {
namespace {

std::string in_words(int error) {
  return fmt::format("{} ({})", strerrordesc_np(error), strerrorname_np(error));
}

bool exists(const std::string& path) {
  struct stat found {};
  return ::lstat(path.c_str(), &found) == 0;
}

}  // namespace

OutputFile::OutputFile(const config::OutputSpec& spec, Note note) : note_{std::move(note)} {
  configure(spec);
}

void OutputFile::configure(const config::OutputSpec& spec) {
  if (path_ != spec.file) {
    close();
    tell_losses();
  }
  path_ = spec.file;
  max_size_ = rotate_at_ = spec.max_size;
  keep_ = spec.keep;
  rotation_error_ = 0;
}

void OutputFile::add(std::string_view line) { pending_.append(line).push_back('\n'); }

void OutputFile::flush() {
  if (pending_.empty()) return;
  std::string lines = std::exchange(pending_, {});
  std::string_view rest = lines;
  while (!rest.empty()) {
    if (!current() && !open()) {
      const int error = errno;
      lose(rest, in_words(error));
      break;
    }
    std::size_t part = fitting(rest);
    if (part == 0 && size_ > 0) {
      const int error = rotate();
      if (error == 0) continue;
      rotate_at_ = size_ + max_size_;
      if (std::exchange(rotation_error_, error) != error) {
        note_(fmt::format("{} cannot be rotated: {}", path_, in_words(error)));
      }
      if (!open()) continue;  // rotate() has closed it
      part = fitting(rest);
    }
    // A line longer than a file has one of its own, or where it cannot be rotated is put behind.
    if (part == 0) part = rest.find('\n') + 1;
    const Written written = write(rest.substr(0, part));
    rest.remove_prefix(written.bytes);
    if (written.error != 0) {
      lose(rest, in_words(written.error));
      break;
    }
  }
  // The capacity is used again for the next chunk.
  lines.clear();
  pending_ = std::move(lines);
}

/// How much of `lines` goes into the open file: whole lines, possibly none.
std::size_t OutputFile::fitting(std::string_view lines) const {
  const std::uint64_t room = rotate_at_ > size_ ? rotate_at_ - size_ : 0;
  if (lines.size() <= room) return lines.size();
  return room == 0 ? 0 : lines.rfind('\n', room - 1) + 1;  // npos + 1: 0
}

int OutputFile::rotate() {
  close();
  rotate_at_ = max_size_;
  struct stat now {};
  // One that is empty was just made, by others who rotate it.
  if (::lstat(path_.c_str(), &now) != 0 || now.st_size == 0) return 0;
  const int error = shift();
  if (error == 0) rotation_error_ = 0;
  return error;
}

// The files up to the first gap move up by one. rename() replaces the oldest.
int OutputFile::shift() const {
  if (keep_ == 0) return ::unlink(path_.c_str()) == 0 ? 0 : errno;
  const auto old = [this](unsigned i) { return i == 0 ? path_ : fmt::format("{}.{}", path_, i); };
  unsigned free = 1;
  while (free < keep_ && exists(old(free))) ++free;
  for (unsigned i = free; i > 0; --i) {
    if (::rename(old(i - 1).c_str(), old(i).c_str()) == 0) continue;
    if (errno != ENOENT) return errno;  // else somebody has moved it just now
  }
  return 0;
}

// False: errno says why.
bool OutputFile::open() {
  close();
  // O_NONBLOCK: a FIFO without a reader is refused instead of waited for. Read, too: for the end of
  // what an earlier writer left.
  OwnedFd fd{
      ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640)};
  struct stat now {};
  if (!fd || ::fstat(fd.get(), &now) != 0) return false;
  if (!S_ISREG(now.st_mode)) {
    errno = EINVAL;
    return false;
  }
  char last = '\n';
  if (now.st_size > 0 && ::pread(fd.get(), &last, 1, now.st_size - 1) < 0) return false;
  torn_ = last != '\n';
  fd_ = std::move(fd);
  device_ = now.st_dev;
  inode_ = now.st_ino;
  size_ = static_cast<std::uint64_t>(now.st_size);
  return true;
}

// Whether the open file is the one at the path; takes its size anew, which others may have changed.
bool OutputFile::current() {
  struct stat now {};
  if (!fd_ || ::stat(path_.c_str(), &now) != 0) return false;
  if (now.st_dev != device_ || now.st_ino != inode_) return false;
  size_ = static_cast<std::uint64_t>(now.st_size);
  return true;
}

// What is left of a line that was not written whole is taken off again.
OutputFile::Written OutputFile::write(std::string_view lines) {
  int error = torn_ ? append("\n").error : 0;
  if (error != 0) return {0, error};
  torn_ = false;
  const Written written = append(lines);
  error = written.error;
  const std::size_t whole =
      error == 0 ? lines.size()
                 : (written.bytes == 0 ? 0 : lines.rfind('\n', written.bytes - 1) + 1);
  if (whole < written.bytes) {
    const off_t end = ::lseek(fd_.get(), 0, SEEK_END);
    const auto piece = static_cast<off_t>(written.bytes - whole);
    torn_ = end < piece || ::ftruncate(fd_.get(), end - piece) != 0;
  }
  if (error == 0 && losing_ > 0) {
    note_(fmt::format("{} is written again; {} lines were lost", path_, losing_));
    losing_ = 0;
  }
  return {whole, error};
}

OutputFile::Written OutputFile::append(std::string_view bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::write(fd_.get(), bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return {done, count == 0 ? ENOSPC : errno};
    done += static_cast<std::size_t>(count);
    size_ += static_cast<std::size_t>(count);
  }
  return {done, 0};
}

void OutputFile::lose(std::string_view lines, const std::string& why) {
  if (losing_ == 0) note_(fmt::format("lines for {} are lost: {}", path_, why));
  const auto count = static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
  losing_ += count;
  lost_ += count;
}

void OutputFile::tell_losses() {
  if (losing_ > 0) note_(fmt::format("{} lines for {} were lost", losing_, path_));
  losing_ = 0;
}

}  // namespace masterd::supervisor
