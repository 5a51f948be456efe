// notify_message -- what a process says with sd_notify(3). Pure; total on any bytes.
//
// Variables stand one a line, "NAME=value"; the first of a name counts (as in systemd 252,
// src/core/service.c, service_notify_message). Unknown ones, and FDSTORE with its kin, are ignored.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace masterd::supervisor {

/// What one datagram said. What it did not say is absent.
struct NotifyMessage {
  enum class Watchdog { None, Ping, Trigger };

  bool ready = false;      // READY=1
  bool reloading = false;  // RELOADING=1
  bool stopping = false;   // STOPPING=1
  bool barrier = false;    // BARRIER=1: nothing to do, see notify_socket.h
  Watchdog watchdog = Watchdog::None;
  std::optional<std::string> status;  // valid UTF-8 without control characters; may be empty
  std::optional<int> error;           // ERRNO
  std::optional<pid_t> main_pid;      // above 0; whether it is one of the tree is not checked
  /// 0 to kMaxNotifyTime.
  std::optional<std::chrono::microseconds> extend_timeout;
  std::optional<std::chrono::microseconds> watchdog_interval;
  std::optional<std::chrono::microseconds> monotonic;  // CLOCK_MONOTONIC of the reload's begin
  /// The first thing that could not be understood, for a log; empty: nothing.
  std::string problem;

  bool operator==(const NotifyMessage&) const = default;
};

/// Of STATUS, as written; the rest is cut off. U+FFFD for bad bytes may make the text three times
/// as long.
inline constexpr std::size_t kMaxStatus = 1024;
/// About 31 years. Longer times are taken for this: conversion to nanoseconds must not overflow.
inline constexpr std::chrono::microseconds kMaxNotifyTime{1'000'000'000'000'000};

NotifyMessage parse_notify(std::string_view datagram);

}  // namespace masterd::supervisor
