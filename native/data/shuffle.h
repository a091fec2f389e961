// A permutation by seed that is the same on every platform and LibTorch (std::shuffle's is not
// specified).
#pragma once

#include <random>
#include <utility>
#include <vector>

namespace inkling {

template <typename T>
void shuffle(std::vector<T>& items, std::mt19937_64& random) {
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random() % i]);
}

}  // namespace inkling
