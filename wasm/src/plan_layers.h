// What XNNPACK computes of a plan, a layer a step: convolutions and dense layers, and but for the
// core poolings and layers of eight bits. plan_operators.cc does it by XNNPACK's operators; the
// core module by the kernels that those call, plan_kernels.cc: what else an operator can do is 3
// KB, and nobody asks for it.
#pragma once

#include <memory>

#include "kernels.h"

namespace inkling {

// XNNPACK reads, but does not use, up to so much past the end of what it is given.
inline constexpr std::size_t kExtraFloats = 16 / sizeof(float);

// kInternal when XNNPACK does not know this processor.
Status initialize_layers();

class Layer {
 public:
  Layer();
  Layer(Layer&&) noexcept;
  ~Layer();

  // Packs the step's weights. The layer is null (and the other calls are not for it) when the step
  // is none of XNNPACK's. Errors here and below: kOutOfMemory, kInternal; may also throw bad_alloc.
  Status create(const Step& step, bool is_bytes);
  explicit operator bool() const { return impl_ != nullptr; }

  // For `count` images; *workspace_bytes grows to what a run needs.
  Status resize(const Step& step, std::size_t count, std::size_t* workspace_bytes);
  // After every resize of any layer: where the step's buffers and the workspace are now.
  Status setup(const Step& step, const Memory& memory, void* workspace);
  Status run(const Step& step, const Memory& memory, void* workspace);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace inkling
