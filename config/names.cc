#include "config/names.h"

#include "config/load.h"

namespace masterd::config {

std::string make_name(std::string_view text) {
  constexpr std::size_t kLongest = 64;
  std::string name;
  for (const char c : text) {
    if (name.size() == kLongest) break;
    if (valid_name({&c, 1}) && c != '-') {
      name += c;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name;
}

}  // namespace masterd::config
