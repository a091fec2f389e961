// Several processes that train one network together (data parallel): sums and broadcasts over
// c10d, Gloo for CPUs and NCCL for GPUs, and the name of whoever is lost.
#pragma once

#include <torch/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "train/launch.h"

namespace inkling {

// How long to wait for the others to start, and for one that is alive to come to an exchange.
inline constexpr std::chrono::seconds kDefaultPeerTimeout{300};

// All processes call the same functions in the same order, from one thread at a time. Every call
// throws Failure, naming the process and its machine, when one is lost (no sign of life for half
// the time-out, at most 30 s; 5 s when its connection broke too), late (alive, but not come within
// the time-out) or has ended with a failure of its own. After a Failure only the destructor and
// farewell() may be called.
class ProcessGroup {
 public:
  // Joins the processes that the environment speaks of (train/launch.h); null when it speaks of
  // none. With `gpu` tensors are exchanged by NCCL, on the GPU numbered local_rank(). Throws
  // Failure when not all have joined within `timeout`.
  static std::unique_ptr<ProcessGroup> from_environment(
      bool gpu = false, std::chrono::milliseconds timeout = kDefaultPeerTimeout);
  static std::unique_ptr<ProcessGroup> join(const Launch& launch, bool gpu,
                                            std::chrono::milliseconds timeout);
  // Rank 0 stays until the others are at their end: it may hold the store that they ask.
  virtual ~ProcessGroup() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;
  // This process's number among those of its machine.
  virtual int local_rank() const = 0;
  // Its part of the cores that it may use, shared fairly with the other processes that may use
  // them; at least 1.
  virtual int cores() const = 0;

  // Each tensor becomes the sum of all processes' tensors; the same bits everywhere. The tensors
  // are of one type and device, and all processes have the same shapes.
  virtual void sum(std::vector<torch::Tensor>& tensors) = 0;
  // Each tensor becomes that of process `from`; any type and shape, the same everywhere.
  virtual void broadcast(std::vector<torch::Tensor>& tensors, int from = 0) = 0;
  // Returns when all have called it.
  virtual void barrier() = 0;

  // Tells the others that this process ends with a failure, and with which sentence.
  virtual void farewell(const std::string& sentence) = 0;

  // Text of process `from`, everywhere.
  std::string broadcast_text(const std::string& text, int from = 0);
  // Throws Failure when this process's `value` is not rank 0's; `what` names it in the sentence
  // ("the training data").
  void require_same(const std::string& what, const std::string& value);
};

}  // namespace inkling
