#include "config/listen_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <optional>

#include "config/paths.h"
#include "config/report.h"

namespace masterd::config {

namespace {

constexpr std::size_t kMaxUnixPath = 107;  // sun_path of unix(7), less the NUL at its end or begin

// As inet_ntop(3) writes it, so that it compares equal to what the kernel's tables say.
std::optional<std::string> numeric_address(const std::string& text, int family) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  if (inet_pton(family, text.c_str(), bytes.data()) != 1) return std::nullopt;
  if (inet_ntop(family, bytes.data(), buffer.data(), buffer.size()) == nullptr) return std::nullopt;
  return std::string{buffer.data()};
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || stop != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

std::variant<ReadyListen, ListenError> parse_tcp(std::string_view text) {
  ReadyListen listen;
  const std::size_t colon = text.rfind(':');
  const std::string_view port_text = colon == text.npos ? text : text.substr(colon + 1);
  const auto port = parse_port(port_text);
  if (!port) return ListenError{fmt::format("'{}' is not a port (1 to 65535)", shown(port_text))};
  listen.port = *port;
  if (colon == text.npos) return listen;

  const std::string_view host = text.substr(0, colon);
  const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  const auto address = brackets
                           ? numeric_address(std::string{host.substr(1, host.size() - 2)}, AF_INET6)
                           : numeric_address(std::string{host}, AF_INET);
  if (!address) {
    return ListenError{fmt::format(
        "'{}' is not a numeric address such as 127.0.0.1 or [::1] (no names: nothing is resolved)",
        shown(host))};
  }
  listen.address = *address;
  return listen;
}

std::variant<ReadyListen, ListenError> parse_unix(std::string_view text,
                                                  const std::filesystem::path& dir) {
  ReadyListen listen;
  listen.family = ReadyListen::Family::Unix;
  const bool abstract = !text.empty() && text.front() == '@';
  if (text.empty() || text == "@") return ListenError{"names no socket after 'unix:'"};
  listen.address = abstract ? std::string{text} : absolute_path(std::string{text}, dir);
  const std::size_t length = listen.address.size() - (abstract ? 1 : 0);
  if (length <= kMaxUnixPath) return listen;
  return ListenError{
      fmt::format("the path has {} bytes; a socket's has at most {}", length, kMaxUnixPath)};
}

}  // namespace

std::variant<ReadyListen, ListenError> parse_listen(std::string_view text,
                                                    const std::filesystem::path& dir) {
  if (text.substr(0, 4) == "tcp:") return parse_tcp(text.substr(4));
  if (text.substr(0, 5) == "unix:") return parse_unix(text.substr(5), dir);
  return ListenError{fmt::format(
      "expected \"tcp:PORT\", \"tcp:ADDRESS:PORT\", \"unix:PATH\" or \"unix:@NAME\"; found '{}'",
      shown(text))};
}

}  // namespace masterd::config
