// asan -- whether this build runs under AddressSanitizer: MASTERD_ASAN for what must not be
// compiled without it, kUnderAsan for everything else.
#pragma once

#if defined(__SANITIZE_ADDRESS__)  // g++
#define MASTERD_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)  // clang++
#define MASTERD_ASAN 1
#endif
#endif

namespace masterd::fsm {

#ifdef MASTERD_ASAN
inline constexpr bool kUnderAsan = true;
#else
inline constexpr bool kUnderAsan = false;
#endif

}  // namespace masterd::fsm
