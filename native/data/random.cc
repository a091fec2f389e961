// Tables of keyed numbers.
#include "data/random.h"

#include <numeric>
#include <utility>

namespace inkling {

void keyed_uniform_into(float* out, std::int64_t columns, std::int64_t seed, Stream stream,
                        std::int64_t epoch, std::int64_t sample) {
  at::Philox4_32 engine = keyed_engine(seed, stream, epoch, sample);
  for (std::int64_t column = 0; column < columns; ++column) out[column] = to_unit(engine());
}

float uniform(std::int64_t seed, Stream stream, std::int64_t epoch, std::int64_t sample,
              std::int64_t column) {
  at::Philox4_32 engine = keyed_engine(seed, stream, epoch, sample);
  constexpr std::int64_t kBlock = 4;  // numbers that Philox makes at once
  engine.set_offset(engine.get_offset() + static_cast<std::uint64_t>(column / kBlock));
  for (std::int64_t skipped = 0; skipped < column % kBlock; ++skipped) engine();
  return to_unit(engine());
}

torch::Tensor keyed_uniform(std::int64_t seed, Stream stream, std::int64_t epoch,
                            const torch::Tensor& rows, std::int64_t columns) {
  const torch::Tensor samples = rows.contiguous();
  torch::Tensor table = torch::empty({samples.size(0), columns}, torch::kFloat32);
  const auto* sample = samples.const_data_ptr<std::int64_t>();
  auto* out = table.data_ptr<float>();
  for (std::int64_t i = 0; i < samples.size(0); ++i) {
    keyed_uniform_into(out + i * columns, columns, seed, stream, epoch, sample[i]);
  }
  return table;
}

torch::Tensor keyed_permutation(std::int64_t seed, std::int64_t epoch, std::int64_t n) {
  torch::Tensor order = torch::empty({n}, torch::kInt64);
  auto* item = order.data_ptr<std::int64_t>();
  std::iota(item, item + n, 0);
  at::Philox4_32 engine = keyed_engine(seed, Stream::kOrder, epoch, 0);
  for (std::int64_t i = n; i > 1; --i) {  // Fisher and Yates
    const std::uint64_t other = std::uint64_t{engine()} * static_cast<std::uint64_t>(i) >> 32;
    std::swap(item[i - 1], item[other]);
  }
  return order;
}

}  // namespace inkling
