// How the engine reports trouble: values, never exceptions. Every fallible call returns a Status or
// a Result<T>; the message names the call, the place and the reason in one sentence fit to show a
// person.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <utility>

namespace inkling {

// The numbers cross the C binding (wasm/bindings) and must not be reordered.
enum class StatusCode {
  kOk = 0,
  kInvalidArgument = 1,   // the caller passed something no drawing or buffer can be
  kEmptyInk = 2,          // nothing is drawn: there is no digit to name
  kMalformedModel = 3,    // the bytes are not a complete ONNX file
  kUnsupportedModel = 4,  // valid ONNX that this engine does not run
  kLimitExceeded = 5,     // larger than Limits allow
  kOutOfMemory = 6,
  kInternal = 7,  // a bug in this library
};

// A pointer, null for OK: a call that succeeds costs next to nothing.
class [[nodiscard]] Status {
 public:
  Status() = default;  // OK
  Status(StatusCode code, std::string message);
  Status(Status&& other) noexcept : error_(std::exchange(other.error_, nullptr)) {}
  Status& operator=(Status&& other) noexcept {
    std::swap(error_, other.error_);
    return *this;
  }
  Status(const Status& other);
  Status& operator=(const Status& other) { return *this = Status(other); }
  ~Status() {
    if (error_ != nullptr) free_error();
  }

  static Status invalid_argument(std::string m) {
    return {StatusCode::kInvalidArgument, std::move(m)};
  }
  static Status empty_ink(std::string m) { return {StatusCode::kEmptyInk, std::move(m)}; }
  static Status malformed_model(std::string m) {
    return {StatusCode::kMalformedModel, std::move(m)};
  }
  static Status unsupported_model(std::string m) {
    return {StatusCode::kUnsupportedModel, std::move(m)};
  }
  static Status limit_exceeded(std::string m) { return {StatusCode::kLimitExceeded, std::move(m)}; }
  static Status out_of_memory(std::string m) { return {StatusCode::kOutOfMemory, std::move(m)}; }
  static Status internal(std::string m) { return {StatusCode::kInternal, std::move(m)}; }

  bool ok() const { return error_ == nullptr; }
  StatusCode code() const;
  const std::string& message() const;  // empty for OK

 private:
  struct Error;
  void free_error();
  Error* error_ = nullptr;
};

// Either a T or the Status that says why there is none. value() may be called only when ok().
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Status status) : status_(std::move(status)) { assert(!status_.ok()); }

  bool ok() const { return status_.ok(); }
  const Status& status() const& { return status_; }
  Status&& status() && { return std::move(status_); }
  T& value() & { return *value_; }
  const T& value() const& { return *value_; }
  T&& value() && { return std::move(*value_); }

 private:
  Status status_;
  std::optional<T> value_;  // set when the status is OK
};

}  // namespace inkling

// Leaves the enclosing function with the Status of EXPR when it failed.
#define INKLING_RETURN_IF_ERROR(expr)                                      \
  do {                                                                     \
    if (::inkling::Status status_ = (expr); !status_.ok()) return status_; \
  } while (false)
