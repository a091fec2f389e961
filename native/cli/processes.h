// Several processes of one command: joining them, and behaving as one of many.
#pragma once

#include <torch/types.h>

#include <memory>
#include <string>

#include "train/process_group.h"

namespace inkling {

// Joins the other processes that a launcher started with this one; null when there are none. From
// then on this process uses its part of the machine's cores (unless `threads` is given or
// OMP_NUM_THREADS is set), and only rank 0's standard output is seen.
std::unique_ptr<ProcessGroup> join_processes(bool gpu, double timeout_seconds, int threads);

// The GPU of this process's own, made the current one.
torch::Device own_gpu(const ProcessGroup& group);

// Tells the others why this process ends, and names it in its own sentence. Called while an
// exception is handled; throws it again, a Failure with the rank before its sentence.
[[noreturn]] void fail_together(ProcessGroup& group);

}  // namespace inkling
