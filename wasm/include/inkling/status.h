// How the engine reports trouble: values, never exceptions. Every fallible call returns a Status or
// a Result<T>; the message names the call, the place and the reason in one sentence fit to show a
// person.
#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

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

class [[nodiscard]] Status {
 public:
  Status() = default;  // OK
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

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

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

// Either a T or the Status that says why there is none. value() may be called only when ok().
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<1>, std::move(value)) {}
  Result(Status status) : state_(std::in_place_index<0>, std::move(status)) {
    assert(!std::get<0>(state_).ok());
  }

  bool ok() const { return state_.index() == 1; }
  const Status& status() const {
    static const Status kOkStatus;
    return ok() ? kOkStatus : *std::get_if<0>(&state_);
  }
  T& value() & { return *std::get_if<1>(&state_); }
  const T& value() const& { return *std::get_if<1>(&state_); }
  T&& value() && { return std::move(*std::get_if<1>(&state_)); }

 private:
  std::variant<Status, T> state_;
};

}  // namespace inkling

// Leaves the enclosing function with the Status of EXPR when it failed.
#define INKLING_RETURN_IF_ERROR(expr)                                      \
  do {                                                                     \
    if (::inkling::Status status_ = (expr); !status_.ok()) return status_; \
  } while (false)
