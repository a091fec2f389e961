// An error's code and sentence, away from the code that passes it on.
#include "inkling/status.h"

namespace inkling {

struct Status::Error {
  StatusCode code;
  std::string message;
};

Status::Status(StatusCode code, std::string message)
    : error_(code == StatusCode::kOk ? nullptr : new Error{code, std::move(message)}) {}

Status::Status(const Status& other)
    : error_(other.error_ == nullptr ? nullptr : new Error(*other.error_)) {}

void Status::free_error() { delete error_; }

StatusCode Status::code() const { return error_ == nullptr ? StatusCode::kOk : error_->code; }

const std::string& Status::message() const {
  static const std::string kNone;
  return error_ == nullptr ? kNone : error_->message;
}

}  // namespace inkling
