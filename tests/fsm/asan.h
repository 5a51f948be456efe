// asan -- whether this build runs under AddressSanitizer.
#pragma once

namespace masterd::fsm {

#if defined(__SANITIZE_ADDRESS__)  // g++
inline constexpr bool kUnderAsan = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)  // clang++
inline constexpr bool kUnderAsan = true;
#else
inline constexpr bool kUnderAsan = false;
#endif
#else
inline constexpr bool kUnderAsan = false;
#endif

}  // namespace masterd::fsm
