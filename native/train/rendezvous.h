// Bringing the processes together: the store (TCP, held by rank 0 or by torchrun's agent) in which
// each says who and where it is.
#pragma once

#include <torch/csrc/distributed/c10d/Store.hpp>

#include <chrono>
#include <string>
#include <vector>

#include "train/launch.h"

namespace inkling {

// "2.5 s"
std::string as_seconds(std::chrono::milliseconds time);

class Rendezvous {
 public:
  // What each process tells of itself.
  struct Member {
    std::string host;
    std::int64_t process = 0;
    std::vector<int> cores;  // that it may run on
  };

  // Returns when all have joined. Throws Failure, naming who is missing, after `timeout`.
  Rendezvous(const Launch& launch, std::chrono::milliseconds timeout);

  const Launch& launch() const { return launch_; }
  const c10::intrusive_ptr<c10d::Store>& store() const { return store_; }
  // Another connection to the same store.
  c10::intrusive_ptr<c10d::Store> connect() const { return connect(false); }

  std::string store_place() const;   // "host:port"
  std::string name(int rank) const;  // "rank 2 (process 4711 on host)"
  bool on_one_machine() const;       // all of them
  int local_rank() const;            // this process's number on its machine
  int cores() const;                 // its fair share of those it may use; at least 1

 private:
  c10::intrusive_ptr<c10d::Store> connect(bool as_server) const;
  void introduce();
  void wait_for(int rank, std::chrono::steady_clock::time_point deadline);
  const Member& self() const { return members_[static_cast<std::size_t>(launch_.rank)]; }

  const Launch launch_;
  const std::chrono::milliseconds timeout_;
  c10::intrusive_ptr<c10d::Store> store_;
  std::vector<Member> members_;
};

}  // namespace inkling
