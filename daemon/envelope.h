// envelope -- where a request's routing frames end and its body begins. Pure.
//
//   ROUTER receives            from                            envelope          body
//   [id][""][body]             REQ, DEALER with a delimiter    [id][""]          body
//   [id][x]...[""][body]       through proxies                 [id][x]...[""]    body
//   [id][body]                 DEALER without a delimiter      [id]              body
//
// Everything up to the first empty frame is echoed. Without an empty frame the envelope is the
// identity alone. After the envelope exactly one frame may follow; none counts as an empty body.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace masterd::daemon {

/// A longer envelope is not echoed: the answer says so by the identity and a delimiter alone.
inline constexpr std::size_t kMaxEnvelopeFrames = 16;
inline constexpr std::size_t kMaxEnvelopeBytes = 4096;

using Frames = std::vector<std::string>;

struct Parcel {
  Frames envelope;        // never empty; the first is the client's identity
  std::string_view body;  // into the frames given
  /// Why this cannot be a request: more than one body frame, too long an envelope.
  const char* fault = nullptr;
};

/// `frames` is not empty and outlives the result's body.
Parcel open_envelope(const std::vector<std::string_view>& frames);

}  // namespace masterd::daemon
