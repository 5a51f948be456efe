// coroutine_fixture -- one coroutine and a log of what happened on it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "fsm/coroutine.h"

namespace masterd::fsm {

inline std::string text_of(const std::exception_ptr& failure) {
  try {
    if (failure) std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "no std::exception";
  }
  return {};
}

/// Notes its destruction.
class Mark {
 public:
  Mark(std::vector<std::string>& log, std::string name) : log_{log}, name_{std::move(name)} {}
  Mark(const Mark&) = delete;
  ~Mark() { log_.push_back("~" + name_); }

 private:
  std::vector<std::string>& log_;
  std::string name_;
};

class CoroutineTest : public ::testing::Test {
 protected:
  Coroutine& make(std::function<void()> body) {
    stack = std::make_unique<Coroutine>(std::move(body));
    return *stack;
  }
  void suspend() { stack->suspend(); }

  std::vector<std::string> log;
  std::unique_ptr<Coroutine> stack;
};

}  // namespace masterd::fsm
