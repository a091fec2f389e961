// In the store: member/RANK = who it is; claim/RANK counts who wants to be it.
#include "train/rendezvous.h"

#include <sched.h>
#include <unistd.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "data/file.h"
#include "train/heartbeat.h"

namespace inkling {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

namespace {

Rendezvous::Member this_process() {
  Rendezvous::Member member;
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  member.host = name, member.process = getpid();
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    for (int core = 0; core < CPU_SETSIZE; ++core) {
      if (CPU_ISSET(core, &set)) member.cores.push_back(core);
    }
  }
  return member;
}

std::string to_text(const Rendezvous::Member& m) {
  return nlohmann::json{{"host", m.host}, {"process", m.process}, {"cores", m.cores}}.dump();
}

Rendezvous::Member from_text(const std::string& text) {
  const auto json = nlohmann::json::parse(text);
  return {json.at("host").get<std::string>(), json.at("process").get<std::int64_t>(),
          json.at("cores").get<std::vector<int>>()};
}

std::string member_key(int rank) { return "member/" + std::to_string(rank); }

}  // namespace

std::string as_seconds(milliseconds time) {
  std::string text = std::to_string(time.count() / 1000);
  if (time.count() % 1000 >= 100) text += "." + std::to_string(time.count() % 1000 / 100);
  return text + " s";
}

Rendezvous::Rendezvous(const Launch& launch, milliseconds timeout)
    : launch_(launch), timeout_(timeout) {
  store_ = connect(launch_.rank == 0 && !launch_.store_exists);
  try {
    introduce();
    const auto deadline = Clock::now() + timeout_;
    for (int rank = 0; rank < launch_.size; ++rank) {
      wait_for(rank, deadline);
      members_.push_back(from_text(store_->get_to_str(member_key(rank))));
    }
  } catch (const c10::Error& error) {
    throw Failure("rank 0 at " + store_place() + " went away while the processes were joining (" +
                  std::string(error.what_without_backtrace()) + ")");
  }
}

c10::intrusive_ptr<c10d::Store> Rendezvous::connect(bool as_server) const {
  c10d::TCPStoreOptions options;
  options.port = launch_.port;
  options.isServer = as_server;
  options.waitWorkers = false;
  options.timeout = timeout_;
  options.useLibUV = false;  // Debian's LibTorch is built without it
  try {
    return c10::make_intrusive<c10d::PrefixStore>(
        "inkling/" + launch_.session,
        c10::make_intrusive<c10d::TCPStore>(launch_.address, options));
  } catch (const c10::Error& error) {
    const std::string why = std::string(" (") + error.what_without_backtrace() + ")";
    if (as_server) {
      throw Failure("rank 0 cannot listen at " + store_place() +
                    "; set MASTER_ADDR to its machine and MASTER_PORT to a free port, the same for "
                    "every process" +
                    why);
    }
    throw Failure("rank " + std::to_string(launch_.rank) + " found no rank 0 at " + store_place() +
                  " within " + as_seconds(timeout_) +
                  "; was it started, and are MASTER_ADDR and MASTER_PORT right?" + why);
  }
}

void Rendezvous::introduce() {
  const std::string rank = std::to_string(launch_.rank);
  if (store_->add("claim/" + rank, 1) > 1) {
    throw Failure("two processes say that they are rank " + rank + " at " + store_place() +
                  "; give each its own rank, and each training its own MASTER_PORT");
  }
  Heartbeat::introduce(*store_, launch_.rank);
  store_->set(member_key(launch_.rank), to_text(this_process()));
}

void Rendezvous::wait_for(int rank, Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
  try {
    return store_->wait({member_key(rank)}, std::max(left, milliseconds{1}));
  } catch (const c10::Error&) {  // late; or rank 0 is gone, which the next call tells
  }
  std::string missing;
  for (int other = 0; other < launch_.size; ++other) {
    if (store_->check({member_key(other)})) continue;
    missing += (missing.empty() ? "" : ", ") + std::to_string(other);
  }
  if (missing.empty()) return;
  throw Failure("not all of " + std::to_string(launch_.size) + " processes joined within " +
                as_seconds(timeout_) + ", missing: rank " + missing +
                "; were they started, and can they reach " + store_place() + "?");
}

std::string Rendezvous::store_place() const {
  return launch_.address + ":" + std::to_string(launch_.port);
}

std::string Rendezvous::name(int rank) const {
  const Member& m = members_[static_cast<std::size_t>(rank)];
  return "rank " + std::to_string(rank) + " (process " + std::to_string(m.process) + " on " +
         m.host + ")";
}

bool Rendezvous::on_one_machine() const {
  return std::all_of(members_.begin(), members_.end(),
                     [&](const Member& m) { return m.host == members_[0].host; });
}

int Rendezvous::local_rank() const {
  return static_cast<int>(std::count_if(members_.begin(), members_.begin() + launch_.rank,
                                        [&](const Member& m) { return m.host == self().host; }));
}

int Rendezvous::cores() const {
  double share = 0;
  for (const int core : self().cores) {
    const auto sharing = std::count_if(members_.begin(), members_.end(), [&](const Member& m) {
      return m.host == self().host &&
             std::find(m.cores.begin(), m.cores.end(), core) != m.cores.end();
    });
    share += 1.0 / static_cast<double>(std::max<std::ptrdiff_t>(1, sharing));
  }
  constexpr double kRounding = 1e-6;  // of a sum such as 1/3 + 1/3 + 1/3
  return std::max(1, static_cast<int>(share + kRounding));
}

}  // namespace inkling
