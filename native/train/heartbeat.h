// Who of the processes that train together is still there. A thread of each writes a sign of life
// to the shared store and reads everyone else's; the training thread only looks at what it found,
// so that a store that hangs never hangs the training.
#pragma once

#include <torch/csrc/distributed/c10d/Store.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace inkling {

class Heartbeat {
 public:
  // What one process knows of the others. Silence is counted in this process's own rounds, not by
  // the clock: a process that was itself stopped for a minute does not find the others silent.
  struct View {
    std::int64_t round = 0;  // of this process; stands still while the store hangs
    std::vector<std::int64_t>
        silent;  // a rank's rounds without a sign of life; 0 for one that left
    std::vector<std::int64_t> arrived;  // a rank's count of exchanges that it has come to
    std::vector<bool> left;             // said that it is at its end
    std::string verdict;                // why the training ends, of whoever found out first
    bool store_lost = false;            // its connection broke
  };

  // Writes this process's first sign of life. Every process does so before any makes a Heartbeat.
  static void introduce(c10d::Store& store, int rank);

  // `store` is used by the thread alone from now on, and must be a connection of its own.
  Heartbeat(c10::intrusive_ptr<c10d::Store> store, int rank, int size,
            std::chrono::milliseconds interval);
  ~Heartbeat();  // does not wait for a store that hangs
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  View view() const;
  void arrive();  // this process has come to its next exchange
  // Says that this process is at its end, and why when something went wrong; then waits, at most
  // `patience`, until it is said, and, with `wait_for_others`, until all others are at theirs or
  // have been silent for `lost_after` rounds.
  void leave(const std::string& verdict, bool wait_for_others, std::int64_t lost_after,
             std::chrono::milliseconds patience);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;  // the thread's too: it may outlive this object
};

}  // namespace inkling
