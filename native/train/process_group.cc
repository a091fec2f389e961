// Exchanging over c10d, and noticing who is missing.
#include "train/process_group.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "data/file.h"
#include "train/heartbeat.h"
#include "train/rendezvous.h"

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>

// pip's PyTorch brings Gloo without its headers, and NCCL's come with a package of their own.
#if defined(USE_C10D_GLOO) && __has_include(<gloo/algorithm.h>)
#define INKLING_HAS_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#endif
#if defined(USE_C10D_NCCL) && __has_include(<nccl.h>)
#define INKLING_HAS_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

namespace inkling {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

std::string ProcessGroup::broadcast_text(const std::string& text, int from) {
  std::vector<torch::Tensor> length{torch::tensor({static_cast<std::int64_t>(text.size())})};
  broadcast(length, from);
  std::string result = text;
  result.resize(static_cast<std::size_t>(length[0].item<std::int64_t>()));
  if (result.empty()) return result;
  std::vector<torch::Tensor> bytes{
      torch::from_blob(result.data(), {static_cast<std::int64_t>(result.size())}, torch::kUInt8)};
  broadcast(bytes, from);
  return result;
}

void ProcessGroup::require_same(const std::string& what, const std::string& value) {
  if (broadcast_text(value) == value) return;
  throw Failure(what + " of rank " + std::to_string(rank()) +
                " differ from rank 0's; start every process with the same flags, on the same data");
}

namespace {

constexpr milliseconds kLongestSilence{30'000};  // then a process is lost
constexpr milliseconds kBrokenSilence{5'000};    // the same when a connection broke: two witnesses
constexpr std::int64_t kRoundsOfSilence = 10;    // signs of life in the shorter of the two
// Gloo's own time-out comes after ours, which knows names.
constexpr milliseconds kAfterUs{60'000};

class C10dGroup final : public ProcessGroup {
 public:
  C10dGroup(const Launch& launch, bool gpu, milliseconds timeout)
      : rendezvous_(launch, timeout),
        timeout_(timeout),
        silence_(std::min(timeout / 2, kLongestSilence)),
        broken_silence_(std::min(silence_, kBrokenSilence)),
        interval_(broken_silence_ / kRoundsOfSilence) {
    heartbeat_ = std::make_unique<Heartbeat>(rendezvous_.connect(), rank(), size(), interval_);
    try {
      make_backend(gpu);
    } catch (const c10::Error& error) {
      explain_break(error.what_without_backtrace());
    } catch (const Failure&) {
      throw;
    } catch (const std::exception& error) {
      explain_break(error.what());
    }
  }

  ~C10dGroup() override {
    say_goodbye("");
    heartbeat_.reset();
    // An exchange that others never came to cannot be ended: its thread is left to the system.
    if (broken_) backend_.release();
  }

  int rank() const override { return rendezvous_.launch().rank; }
  int size() const override { return rendezvous_.launch().size; }
  int local_rank() const override { return rendezvous_.local_rank(); }
  int cores() const override { return rendezvous_.cores(); }

  void sum(std::vector<torch::Tensor>& tensors) override {
    if (tensors.empty()) return;
    const torch::NoGradGuard no_grad;
    // One exchange for all of them.
    std::vector<torch::Tensor> flat;
    for (const torch::Tensor& t : tensors) flat.push_back(t.reshape(-1));
    std::vector<torch::Tensor> all{torch::cat(flat).to(device_)};
    exchange([&] { return backend_->allreduce(all); });
    std::int64_t first = 0;
    for (torch::Tensor& t : tensors) {
      t.copy_(all[0].slice(0, first, first + t.numel()).view(t.sizes()));
      first += t.numel();
    }
  }

  void broadcast(std::vector<torch::Tensor>& tensors, int from) override {
    const torch::NoGradGuard no_grad;
    c10d::BroadcastOptions options;
    options.rootRank = from;
    for (torch::Tensor& t : tensors) {
      std::vector<torch::Tensor> one{t.detach().to(device_).contiguous()};
      exchange([&] { return backend_->broadcast(one, options); });
      if (!one[0].is_same(t)) t.copy_(one[0]);
    }
  }

  void barrier() override {
    std::vector<torch::Tensor> one{torch::zeros({1})};
    sum(one);
  }

  void farewell(const std::string& sentence) override {
    say_goodbye(name(rank()) + " ended: " + sentence);
  }

 private:
  std::string name(int peer) const { return rendezvous_.name(peer); }

  void make_backend(bool gpu) {
    const auto store = c10::make_intrusive<c10d::PrefixStore>("backend", rendezvous_.store());
    if (gpu) return make_nccl(store);
#ifdef INKLING_HAS_GLOO
    auto options = c10d::ProcessGroupGloo::Options::create(timeout_ + kAfterUs);
    const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
    options->devices.push_back(interface != nullptr
                                   ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
                               : rendezvous_.on_one_machine()
                                   ? c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1")
                                   : c10d::ProcessGroupGloo::createDefaultDevice());
    backend_ = c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank(), size(), options);
#else
    throw Failure(
        "this build cannot train in several processes on CPUs: it was made without Gloo's headers; "
        "install them (Debian: libgloo-dev) and build again");
#endif
  }

  void make_nccl([[maybe_unused]] const c10::intrusive_ptr<c10d::Store>& store) {
#ifdef INKLING_HAS_NCCL
    // Waiting and ending are done here, where names are known; NCCL's watchdog would abort.
    setenv("TORCH_NCCL_ASYNC_ERROR_HANDLING", "0", 0);
    setenv("TORCH_NCCL_ENABLE_MONITORING", "0", 0);
    auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = timeout_ + kAfterUs;
    device_ = torch::Device(torch::kCUDA, static_cast<c10::DeviceIndex>(local_rank()));
    backend_ = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank(), size(), options);
#else
    throw Failure(
        "this build cannot train in several processes on GPUs: its LibTorch, or its headers, lack "
        "NCCL; use --device cpu, or build with pip's PyTorch for CUDA and NCCL's headers");
#endif
  }

  // Starts an exchange and waits for it, looking around every interval.
  template <typename Start>
  void exchange(const Start& start) {
    if (broken_) throw Failure("the processes that train together have parted already");
    heartbeat_->arrive();
    ++arrived_;
    std::string error;
    c10::intrusive_ptr<c10d::Work> work;
    try {
      work = start();
    } catch (const c10::Error& failed) {
      explain_break(failed.what_without_backtrace());
    }
    const auto deadline = Clock::now() + timeout_;
    Stall stall;
    while (!finished(*work, error)) {
      if (!error.empty()) explain_break(error);
      look_around(silence_, stall);
      if (Clock::now() > deadline) name_the_late();
    }
  }

  // Waits one interval at most. True when the exchange is done; sets `error` when it failed.
  bool finished(c10d::Work& work, std::string& error) const {
    if (device_.is_cuda()) {  // waiting there would only queue the wait on the GPU
      const auto until = Clock::now() + interval_;
      while (!work.isCompleted() && Clock::now() < until) std::this_thread::yield();
      if (!work.isCompleted()) return false;
    }
    try {
      work.wait(device_.is_cuda() ? kNoTimeout : interval_);
      return true;
    } catch (const std::exception& failed) {
      if (!work.isCompleted()) return false;
      if (work.exception() == nullptr) return true;  // just in time
      error = failed.what();
      error.resize(std::min(error.find('\n'), error.size()));
      return false;
    }
  }

  // How often in a row the heartbeat's own round stood still: the store hangs.
  struct Stall {
    std::int64_t round = -1;
    std::int64_t looks = 0;
  };

  // Called once an interval while something is awaited. Throws when somebody is lost.
  void look_around(milliseconds silence, Stall& stall) {
    const Heartbeat::View view = heartbeat_->view();
    if (!view.verdict.empty()) part(view.verdict, "");
    const std::int64_t rounds = std::max<std::int64_t>(1, silence / interval_);
    std::string lost, gone;
    for (int peer = 0; peer < size(); ++peer) {
      const auto p = static_cast<std::size_t>(peer);
      if (view.silent[p] >= rounds) lost += (lost.empty() ? "" : " and ") + name(peer);
      if (view.left[p] && view.arrived[p] < arrived_)
        gone += (gone.empty() ? "" : " and ") + name(peer);
    }
    if (view.store_lost) lose_store("its connection broke");
    if (!lost.empty()) lose(lost + " is lost: no sign of life for " + as_seconds(silence));
    if (!gone.empty()) lose(gone + " has left before the training's end");
    stall.looks = view.round == stall.round ? stall.looks + 1 : 0;
    stall.round = view.round;
    if (stall.looks >= rounds) lose_store("no answer for " + as_seconds(silence));
  }

  [[noreturn]] void lose(const std::string& what) {
    const std::string sentence = what + "; start the training again with --resume";
    part(sentence, sentence);
  }

  [[noreturn]] void lose_store(const std::string& why) {
    if (rendezvous_.launch().store_exists)
      lose("torchrun's agent at " + rendezvous_.store_place() + " is lost: " + why);
    lose(name(0) + " is lost: " + why);
  }

  // An exchange failed: somebody's connection broke. Waits for who it was to show.
  [[noreturn]] void explain_break(const std::string& error) {
    Stall stall;
    const auto deadline = Clock::now() + 2 * silence_;
    while (Clock::now() < deadline) {
      std::this_thread::sleep_for(interval_);
      look_around(broken_silence_, stall);
    }
    lose("an exchange between the processes failed although all are alive (" + error + ")");
  }

  [[noreturn]] void name_the_late() {
    const Heartbeat::View view = heartbeat_->view();
    std::string late;
    for (int peer = 0; peer < size(); ++peer) {
      if (view.arrived[static_cast<std::size_t>(peer)] < arrived_) {
        late += (late.empty() ? "" : " and ") + name(peer);
      }
    }
    const std::string sentence =
        late.empty()
            ? "an exchange between the processes took longer than " + as_seconds(timeout_) +
                  "; is the network slow? --peer-timeout allows more"
            : late + " is alive but late: it did not come to exchange " + std::to_string(arrived_) +
                  " within " + as_seconds(timeout_) + "; --peer-timeout allows more";
    part(sentence, sentence);
  }

  // Ends this process's part in the group; `verdict` is told to the others.
  [[noreturn]] void part(const std::string& sentence, const std::string& verdict) {
    broken_ = true;
    say_goodbye(verdict);
    throw Failure(sentence);
  }

  void say_goodbye(const std::string& verdict) {
    if (said_goodbye_ || heartbeat_ == nullptr) return;
    said_goodbye_ = true;
    const bool holds_store = rank() == 0 && !rendezvous_.launch().store_exists;
    heartbeat_->leave(verdict, holds_store, broken_silence_ / interval_,
                      holds_store ? silence_ : 4 * interval_);
  }

  const Rendezvous rendezvous_;
  const milliseconds timeout_, silence_, broken_silence_, interval_;
  torch::Device device_ = torch::kCPU;
  std::unique_ptr<Heartbeat> heartbeat_;
  c10::intrusive_ptr<c10d::Backend> backend_;
  std::int64_t arrived_ = 0;  // exchanges that this process came to
  bool broken_ = false;       // an exchange may still be pending
  bool said_goodbye_ = false;
};

}  // namespace

std::unique_ptr<ProcessGroup> ProcessGroup::from_environment(bool gpu, milliseconds timeout) {
  const std::optional<Launch> launch = find_launch(process_environment());
  return launch ? join(*launch, gpu, timeout) : nullptr;
}

std::unique_ptr<ProcessGroup> ProcessGroup::join(const Launch& launch, bool gpu,
                                                 milliseconds timeout) {
  // What c10d has to say while it tries again and again is no news to the person.
  setenv("TORCH_CPP_LOG_LEVEL", "ERROR", 0);
  // Writing to a peer that has just left raises the signal, by which this process would end without
  // a word; ignored, the write fails, and explain_break() names who has left.
  std::signal(SIGPIPE, SIG_IGN);
  return std::make_unique<C10dGroup>(launch, gpu, timeout);
}

}  // namespace inkling
