// One of several processes of a command.
#include "cli/processes.h"

#include <ATen/Parallel.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/cuda.h>

#include <cstdio>
#include <cstdlib>

#include "data/file.h"

namespace inkling {

std::unique_ptr<ProcessGroup> join_processes(bool gpu, double timeout_seconds, int threads) {
  const auto timeout = std::chrono::milliseconds(static_cast<std::int64_t>(1000 * timeout_seconds));
  auto group = ProcessGroup::from_environment(gpu, timeout);
  if (group == nullptr) return nullptr;
  if (threads == 0 && std::getenv("OMP_NUM_THREADS") == nullptr) {
    at::set_num_threads(group->cores());
  }
  if (group->rank() != 0 && std::freopen("/dev/null", "w", stdout) == nullptr) {
    throw Failure("cannot open /dev/null");
  }
  return group;
}

torch::Device own_gpu(const ProcessGroup& group) {
  if (group.local_rank() >= static_cast<int>(torch::cuda::device_count())) {
    throw Failure("this machine has " + std::to_string(torch::cuda::device_count()) +
                  " GPUs and more processes than that; start one a GPU, or use --device cpu");
  }
  const torch::Device device(torch::kCUDA, static_cast<c10::DeviceIndex>(group.local_rank()));
  c10::impl::VirtualGuardImpl(device.type()).setDevice(device);
  return device;
}

void fail_together(ProcessGroup& group) {
  try {
    throw;
  } catch (const Failure& failure) {
    group.farewell(failure.what());
    throw Failure("rank " + std::to_string(group.rank()) + " of " + std::to_string(group.size()) +
                  ": " + failure.what());
  } catch (const std::exception& error) {
    const std::string text = error.what();
    group.farewell(text.substr(0, text.find('\n')));
    throw;
  }
}

}  // namespace inkling
