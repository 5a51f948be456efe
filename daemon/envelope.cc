#include "daemon/envelope.h"

#include <algorithm>

namespace masterd::daemon {

Parcel open_envelope(const std::vector<std::string_view>& frames) {
  const auto empty = std::find_if(frames.begin() + 1, frames.end(),
                                  [](std::string_view frame) { return frame.empty(); });
  const auto body = empty == frames.end() ? frames.begin() + 1 : empty + 1;
  std::size_t bytes = 0;
  for (auto frame = frames.begin(); frame != body; ++frame) bytes += frame->size();
  if (body - frames.begin() > static_cast<std::ptrdiff_t>(kMaxEnvelopeFrames) ||
      bytes > kMaxEnvelopeBytes) {
    return {{std::string{frames.front()}, ""}, {}, "the envelope is too long"};
  }
  Parcel parcel{Frames(frames.begin(), body), {}, nullptr};
  const auto count = frames.end() - body;
  if (count > 1) parcel.fault = "a request is one frame after the envelope";
  if (count == 1) parcel.body = *body;
  return parcel;
}

}  // namespace masterd::daemon
