// Capturing follows PyTorch's "CUDA graphs" notes: warm up on a side stream, capture there, replay
// on the current one. INKLING_CUDA is defined when LibTorch was built with CUDA.
#include "train/cuda_step.h"

#include <ATen/autocast_mode.h>
#include <torch/autograd.h>

#include <cstdio>
#include <exception>
#include <utility>

#ifdef INKLING_CUDA
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#endif

namespace inkling {

#ifdef INKLING_CUDA

// Before capturing: cuDNN chooses its algorithms, gradients and workspaces get their addresses.
constexpr int kWarmUpSteps = 11;  // what PyTorch's notes ask for at most

struct RepeatedStep::Graph {
  at::cuda::CUDAGraph graph;
};

namespace {

// Runs `work` on a stream of its own, before and after which the current one waits.
template <typename Work>
void on_side_stream(Work work) {
  const c10::cuda::CUDAStream side = c10::cuda::getStreamFromPool();
  c10::cuda::getCurrentCUDAStream().synchronize();
  {
    const c10::cuda::CUDAStreamGuard guard(side);
    work();
  }
  side.synchronize();
}

// Else the stream would keep capturing; what went wrong before is the error to report.
void end_quietly(at::cuda::CUDAGraph& graph) {
  try {
    graph.capture_end();
  } catch (const std::exception&) {
  }
}

}  // namespace

void RepeatedStep::operator()() {
  if (graph_) return graph_->graph.replay();
  if (!capture_) return body_();
  if (++calls_ <= kWarmUpSteps) return on_side_stream(body_);
  auto graph = std::make_unique<Graph>();
  try {
    on_side_stream([&] {
      graph->graph.capture_begin();
      try {
        body_();  // recorded, not run
      } catch (...) {
        end_quietly(graph->graph);
        throw;
      }
      graph->graph.capture_end();
    });
    graph_ = std::move(graph);
    graph_->graph.replay();
  } catch (const std::exception& error) {
    capture_ = false, graph_.reset();
    std::fprintf(stderr,
                 "warning: the step cannot be captured as a CUDA graph and runs slower: %s\n",
                 error.what());
    body_();
  }
}

#else

struct RepeatedStep::Graph {};

void RepeatedStep::operator()() { body_(); }

#endif

RepeatedStep::RepeatedStep(std::function<void()> body, bool capture)
    : body_(std::move(body)), capture_(capture) {}
RepeatedStep::~RepeatedStep() = default;
RepeatedStep::RepeatedStep(RepeatedStep&&) noexcept = default;
RepeatedStep& RepeatedStep::operator=(RepeatedStep&&) noexcept = default;

Autocast::Autocast(torch::Device device, bool on) : device_(device.type()), on_(on) {
  if (!on_) return;
  at::autocast::set_autocast_enabled(device_, true);
  at::autocast::set_autocast_dtype(device_, at::kBFloat16);
  at::autocast::set_autocast_cache_enabled(false);  // a graph must not keep casts of old weights
}

Autocast::~Autocast() {
  if (!on_) return;
  at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, false);
  at::autocast::set_autocast_cache_enabled(true);
}

void use_channels_last(Network& network) {
  torch::NoGradGuard no_grad;
  for (torch::Tensor& p : network->parameters()) {
    if (p.is_cuda() && p.dim() == 4) p.set_data(p.contiguous(at::MemoryFormat::ChannelsLast));
  }
}

}  // namespace inkling
