// The heartbeat's thread. In the store: beat/RANK = "COUNT ARRIVED" or "left ARRIVED", and
// one verdict.
#include "train/heartbeat.h"

#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace inkling {
namespace {

constexpr const char* kVerdictKey = "verdict";
const std::string kLeft = "left";

std::string beat_key(int rank) { return "beat/" + std::to_string(rank); }

}  // namespace

struct Heartbeat::Shared {
  c10::intrusive_ptr<c10d::Store> store;
  int rank = 0;
  int size = 1;
  std::chrono::milliseconds interval{};

  std::mutex mutex;  // of everything below
  std::condition_variable changed;
  View view;
  std::int64_t arrived = 0;
  std::string my_verdict;  // to be told to the others
  bool leaving = false;
  bool stopping = false;  // end the thread
  bool ended = false;     // it has

  std::vector<std::string> last_beats;  // the thread's own

  void round();
  void read_beats(const std::vector<std::vector<std::uint8_t>>& values);
  void loop();
};

// One exchange of news with the store, outside the lock: it may hang.
void Heartbeat::Shared::round() {
  std::string beat, verdict;
  {
    const std::lock_guard lock(mutex);
    beat = (leaving ? kLeft : std::to_string(view.round + 1)) + " " + std::to_string(arrived);
    verdict = my_verdict;
  }
  if (!verdict.empty()) store->compareSet(kVerdictKey, "", verdict);  // the first one stands
  store->set(beat_key(rank), beat);
  std::vector<std::string> keys{kVerdictKey};
  for (int peer = 0; peer < size; ++peer) keys.push_back(beat_key(peer));
  const auto values = store->multiGet(keys);
  const std::lock_guard lock(mutex);
  view.verdict.assign(values[0].begin(), values[0].end());
  read_beats(values);
  ++view.round;
}

void Heartbeat::Shared::read_beats(const std::vector<std::vector<std::uint8_t>>& values) {
  for (std::size_t peer = 0; peer < last_beats.size(); ++peer) {
    const std::string beat(values[peer + 1].begin(), values[peer + 1].end());
    view.left[peer] = beat.starts_with(kLeft);
    const bool alive = beat != last_beats[peer] || view.left[peer];
    view.silent[peer] = alive ? 0 : view.silent[peer] + 1;
    if (const std::size_t space = beat.find(' '); space != std::string::npos) {
      view.arrived[peer] = std::atoll(beat.c_str() + space);
    }
    last_beats[peer] = beat;
  }
}

void Heartbeat::Shared::loop() {
  bool left = false;
  while (true) {
    try {
      round();
    } catch (const std::exception&) {  // the store's process is gone, or the network
      const std::lock_guard lock(mutex);
      view.store_lost = true;
    }
    std::unique_lock lock(mutex);
    changed.notify_all();
    if (view.store_lost || (stopping && (left || !leaving))) break;
    // Leaving is told at once.
    left = leaving;
    changed.wait_for(lock, interval, [&] { return stopping || leaving != left; });
  }
  const std::lock_guard lock(mutex);
  ended = true;
  changed.notify_all();
}

void Heartbeat::introduce(c10d::Store& store, int rank) {
  if (rank == 0) store.set(kVerdictKey, std::string());
  store.set(beat_key(rank), std::string("0 0"));
}

Heartbeat::Heartbeat(c10::intrusive_ptr<c10d::Store> store, int rank, int size,
                     std::chrono::milliseconds interval)
    : shared_(std::make_shared<Shared>()) {
  shared_->store = std::move(store);
  shared_->rank = rank, shared_->size = size, shared_->interval = interval;
  const auto count = static_cast<std::size_t>(size);
  shared_->view.silent.resize(count), shared_->view.arrived.resize(count);
  shared_->view.left.resize(count), shared_->last_beats.resize(count);
  std::thread([shared = shared_] { shared->loop(); }).detach();
}

Heartbeat::~Heartbeat() {
  std::unique_lock lock(shared_->mutex);
  shared_->stopping = true;
  shared_->changed.notify_all();
  shared_->changed.wait_for(lock, 4 * shared_->interval, [&] { return shared_->ended; });
}

Heartbeat::View Heartbeat::view() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->view;
}

void Heartbeat::arrive() {
  const std::lock_guard lock(shared_->mutex);
  ++shared_->arrived;
}

void Heartbeat::leave(const std::string& verdict, bool wait_for_others, std::int64_t lost_after,
                      std::chrono::milliseconds patience) {
  std::unique_lock lock(shared_->mutex);
  shared_->my_verdict = verdict;
  shared_->leaving = true;
  shared_->changed.notify_all();
  const View& view = shared_->view;
  const auto is_over = [&] {
    for (std::size_t peer = 0; peer < view.left.size(); ++peer) {
      const bool matters = wait_for_others || peer == static_cast<std::size_t>(shared_->rank);
      if (matters && !view.left[peer] && view.silent[peer] < lost_after) return false;
    }
    return true;
  };
  shared_->changed.wait_for(lock, patience, [&] { return shared_->ended || is_over(); });
}

}  // namespace inkling
