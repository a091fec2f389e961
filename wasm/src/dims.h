// A tensor's sizes along its axes, or strides, or an order of axes: a short list without memory of
// its own, so that copying one is free and nothing need be given back.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <vector>

namespace inkling {

inline constexpr std::size_t kMaxDims = 8;  // of a tensor; digit classifiers need 4

// Holds one more than kMaxDims, and drops what is beyond that: whoever makes a list of a stranger's
// numbers sees from its size that there were too many.
class Dims {
 public:
  Dims() = default;
  explicit Dims(std::size_t count, std::size_t value = 0) { resize(count, value); }
  Dims(std::initializer_list<std::size_t> values) : Dims(values.begin(), values.end()) {}
  template <typename Iterator>
  Dims(Iterator first, Iterator last) {
    for (; first != last && size_ < kCapacity; ++first) push_back(static_cast<std::size_t>(*first));
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::size_t* begin() { return values_; }
  std::size_t* end() { return values_ + size_; }
  const std::size_t* begin() const { return values_; }
  const std::size_t* end() const { return values_ + size_; }
  std::size_t& operator[](std::size_t i) { return values_[i]; }
  std::size_t operator[](std::size_t i) const { return values_[i]; }
  std::size_t& back() { return values_[size_ - 1]; }
  std::size_t back() const { return values_[size_ - 1]; }

  void push_back(std::size_t value) {
    if (size_ < kCapacity) values_[size_++] = value;
  }
  void resize(std::size_t count, std::size_t value = 0) {
    count = std::min(count, kCapacity);
    while (size_ < count) values_[size_++] = value;
    size_ = count;
  }
  void remove(std::size_t value) {  // wherever it stands
    size_ = static_cast<std::size_t>(std::remove(begin(), end(), value) - begin());
  }
  Dims from(std::size_t first) const { return {begin() + first, end()}; }

  bool operator==(const Dims& other) const {
    return std::equal(begin(), end(), other.begin(), other.end());
  }
  std::vector<std::size_t> to_vector() const { return {begin(), end()}; }

 private:
  static constexpr std::size_t kCapacity = kMaxDims + 1;
  std::size_t size_ = 0;
  std::size_t values_[kCapacity];
};

}  // namespace inkling
