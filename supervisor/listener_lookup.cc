#include "supervisor/listener_lookup.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string_view>
#include <system_error>

namespace masterd::supervisor {
namespace {

using Family = config::ReadyListen::Family;

constexpr std::string_view kListen = "0A";  // TCP_LISTEN (include/net/tcp_states.h)
constexpr std::uint32_t kAcceptCon = std::uint32_t{1} << 16;  // __SO_ACCEPTCON (linux/net.h)

std::optional<std::uint32_t> hex(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

IpAddress normal(IpAddress address) {
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (address.v4 || !std::equal(kMapped.begin(), kMapped.end(), address.bytes.begin())) {
    return address;
  }
  IpAddress mapped;
  mapped.v4 = true;
  std::copy(address.bytes.begin() + 12, address.bytes.end(), mapped.bytes.begin());
  return mapped;
}

// One or four words of 8 digits, each printed as a number of this machine although it is in network
// order (net/ipv4/tcp_ipv4.c, get_tcp4_sock; net/ipv6/tcp_ipv6.c, get_tcp6_sock).
std::optional<IpAddress> listed_ip(std::string_view text) {
  constexpr std::size_t kDigits = 8;
  if (text.size() != kDigits && text.size() != 4 * kDigits) return std::nullopt;
  IpAddress address;
  address.v4 = text.size() == kDigits;
  for (std::size_t word = 0; word < text.size() / kDigits; ++word) {
    const auto value = hex(text.substr(word * kDigits, kDigits));
    if (!value) return std::nullopt;
    std::memcpy(address.bytes.data() + word * sizeof *value, &*value, sizeof *value);
  }
  return normal(address);
}

struct Folder {
  dev_t device = 0;
  ino_t inode = 0;
};
std::optional<Folder> folder_of(const std::filesystem::path& file) {
  struct stat info {};
  if (::stat(file.parent_path().c_str(), &info) != 0) return std::nullopt;
  return Folder{info.st_dev, info.st_ino};
}

std::string proc_folder(pid_t pid) {
  return "/proc/" + (pid == 0 ? std::string{"self"} : std::to_string(pid));
}
/// A zombie has no network namespace.
bool has_network(pid_t pid) { return std::ifstream{proc_folder(pid) + "/net/unix"}.is_open(); }

std::vector<ino_t> matching(const config::ReadyListen& wanted, const std::string& proc) {
  std::vector<ino_t> inodes;
  if (wanted.family == Family::Unix) {
    std::error_code none;
    const std::string cwd = std::filesystem::read_symlink(proc + "/cwd", none).native();
    std::ifstream table{proc + "/net/unix"};
    for (const UnixListener& listener : unix_listeners(table)) {
      if (accepts(listener, wanted, cwd)) inodes.push_back(listener.inode);
    }
    return inodes;
  }
  for (const char* name : {"/net/tcp", "/net/tcp6"}) {
    std::ifstream table{proc + name};
    for (const TcpListener& listener : tcp_listeners(table)) {
      if (accepts(listener, wanted)) inodes.push_back(listener.inode);
    }
  }
  return inodes;
}

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

bool has_open(pid_t pid, const std::vector<ino_t>& sockets) {
  const std::string folder = proc_folder(pid) + "/fd";
  const std::unique_ptr<DIR, CloseDir> dir{::opendir(folder.c_str())};
  if (!dir) return errno == EACCES || errno == EPERM;
  while (const dirent* entry = ::readdir(dir.get())) {
    std::array<char, 64> target;  // "socket:[INODE]" fits; what is cut is something else
    const ssize_t size =
        ::readlinkat(::dirfd(dir.get()), entry->d_name, target.data(), target.size());
    if (size <= 0) continue;
    const std::string_view text{target.data(), static_cast<std::size_t>(size)};
    const auto is_target = [&](ino_t inode) {
      return text == "socket:[" + std::to_string(inode) + "]";
    };
    if (std::any_of(sockets.begin(), sockets.end(), is_target)) return true;
  }
  return false;
}

}  // namespace

std::optional<IpAddress> parse_ip(const std::string& text) {
  IpAddress address;
  if (::inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) {
    address.v4 = true;
    return address;
  }
  if (::inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) return normal(address);
  return std::nullopt;
}

std::vector<TcpListener> tcp_listeners(std::istream& table) {
  std::vector<TcpListener> found;
  for (std::string line; std::getline(table, line);) {
    std::istringstream fields{line};
    std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout;
    ino_t inode = 0;
    fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >>
        timeout >> inode;
    const std::size_t colon = local.find(':');
    if (!fields || colon == std::string::npos) continue;  // the heading
    if (state != kListen) break;
    const auto address = listed_ip(std::string_view{local}.substr(0, colon));
    const auto port = hex(std::string_view{local}.substr(colon + 1));
    if (!address || !port || *port > 0xFFFF) continue;
    found.push_back({*address, static_cast<std::uint16_t>(*port), inode});
  }
  return found;
}

std::vector<UnixListener> unix_listeners(std::istream& table) {
  std::vector<UnixListener> found;
  for (std::string line; std::getline(table, line);) {
    std::istringstream fields{line};
    std::string number, references, protocol, flags, type, state;
    ino_t inode = 0;
    fields >> number >> references >> protocol >> flags >> type >> state >> inode;
    const auto bits = hex(flags);
    if (!fields || !bits || (*bits & kAcceptCon) == 0) continue;
    UnixListener listener;
    listener.inode = inode;
    if (fields.get() == ' ') std::getline(fields, listener.name);  // it may hold spaces
    if (!listener.name.empty()) found.push_back(listener);
  }
  return found;
}

bool accepts(const TcpListener& listener, const config::ReadyListen& wanted) {
  if (wanted.family != Family::Tcp || listener.port != wanted.port) return false;
  if (wanted.address.empty()) return true;
  const auto address = parse_ip(wanted.address);
  if (!address) return false;
  if (listener.address.unspecified()) return address->v4 || !listener.address.v4;
  return *address == listener.address;
}

bool accepts(const UnixListener& listener, const config::ReadyListen& wanted,
             const std::string& cwd) {
  if (wanted.family != Family::Unix) return false;
  if (listener.name == wanted.address) return true;
  if (listener.name.front() == '@' || wanted.address.empty() || wanted.address.front() == '@') {
    return false;
  }
  const std::filesystem::path bound = std::filesystem::path{cwd} / listener.name;
  const std::filesystem::path path{wanted.address};
  if (bound.filename() != path.filename()) return false;
  const auto a = folder_of(bound);
  const auto b = folder_of(path);
  return a && b && a->device == b->device && a->inode == b->inode;
}

bool is_listening(const config::ReadyListen& wanted, pid_t process,
                  const std::function<std::vector<pid_t>()>& owners) {
  std::optional<std::vector<pid_t>> known;
  if (!has_network(process) && owners) {
    known = owners();
    const auto living = std::find_if(known->begin(), known->end(), has_network);
    if (living != known->end()) process = *living;
  }
  const std::vector<ino_t> sockets = matching(wanted, proc_folder(process));
  if (sockets.empty()) return false;
  if (!owners) return true;
  if (!known) known = owners();
  return std::any_of(known->begin(), known->end(),
                     [&](pid_t owner) { return has_open(owner, sockets); });
}

}  // namespace masterd::supervisor
