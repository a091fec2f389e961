// Randomness by key instead of by sequence: what is drawn for a sample depends on the seed, the
// epoch and the sample alone, so that a resumed run, another number of threads or processes, and
// another platform draw the same. Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy
// as 1, 2, 3", 2011), as LibTorch has it.
#pragma once

#include <ATen/core/PhiloxRNGEngine.h>
#include <torch/types.h>

#include <cstdint>

namespace inkling {

// What the numbers are for: no two purposes share any.
enum class Stream : std::uint8_t { kOrder = 1, kPen, kAugment, kMixup, kDropout, kAsItIs };

// A generator of 2^26 32-bit numbers for one sample of one epoch (0 <= epoch < 2^32).
inline at::Philox4_32 keyed_engine(std::int64_t seed, Stream stream, std::int64_t epoch,
                                   std::int64_t sample) {
  at::Philox4_32 engine(static_cast<std::uint64_t>(seed), static_cast<std::uint64_t>(sample));
  engine.set_offset(static_cast<std::uint64_t>(stream) << 56 | static_cast<std::uint64_t>(epoch)
                                                                   << 24);
  return engine;
}

// The upper 24 bits as a number in [0,1): as many as a float32 holds exactly.
inline float to_unit(std::uint32_t bits) { return static_cast<float>(bits >> 8) * 0x1p-24f; }

// Fills out[0..columns) with the numbers of one sample, each in [0,1).
void keyed_uniform_into(float* out, std::int64_t columns, std::int64_t seed, Stream stream,
                        std::int64_t epoch, std::int64_t sample);

// The number in one column of a sample, in [0,1).
float uniform(std::int64_t seed, Stream stream, std::int64_t epoch, std::int64_t sample,
              std::int64_t column);

// rows: int64 [N] on the CPU, which samples -> float32 [N, columns] on the CPU, each in [0,1).
torch::Tensor keyed_uniform(std::int64_t seed, Stream stream, std::int64_t epoch,
                            const torch::Tensor& rows, std::int64_t columns);

// int64 [n] on the CPU: 0..n-1 in an order of its own for each epoch; n < 2^26.
torch::Tensor keyed_permutation(std::int64_t seed, std::int64_t epoch, std::int64_t n);

}  // namespace inkling
