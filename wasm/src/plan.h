// Step 3 of loading, and inference: Graph -> layers and loops with their buffers.
#pragma once

#include <memory>
#include <span>

#include "graph.h"

namespace inkling {

class Plan {
 public:
  // Errors: kUnsupportedModel, kLimitExceeded, kOutOfMemory, kInternal. May also throw bad_alloc.
  static Result<Plan> create(Graph graph, const Limits& limits);

  Plan(Plan&&) noexcept;
  Plan& operator=(Plan&&) noexcept;
  ~Plan();

  // As many images as may be run at once within the limits; at least 1.
  std::size_t max_batch() const;

  // What one image is, and how many numbers come of it.
  const std::vector<std::size_t>& input_shape() const;
  std::size_t input_size() const;
  std::size_t classes() const;

  // pixels [count][input_shape()] -> probabilities [count][classes()]; 1 <= count <= max_batch().
  // Allocates only when count differs from the last one. Errors: kOutOfMemory, kInternal; may also
  // throw bad_alloc. After a failure the next call starts over.
  Status run(std::span<const float> pixels, std::span<float> probabilities);

  // One step again, `times` times over, on what the last run left; what it computes is the same.
  // Errors: kInvalidArgument when there is no such step or nothing has been run, kInternal.
  Status run_step(std::size_t index, std::size_t times);

  // The tensor or step of that name for the last image of the last run, in ONNX's order.
  // kInvalidArgument when there is none, or nothing has been run.
  Result<Activation> activation(std::string_view name) const;

  const std::vector<PlanStep>& steps() const;

 private:
  struct Impl;
  explicit Plan(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace inkling
