// How many processes train together and which of them this one is, read from the variables that
// torchrun, mpirun (Open MPI, MPICH) and Slurm's srun set for each process they start.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace inkling {

struct Launch {
  int rank = 0;
  int size = 1;
  std::string address;  // of the machine of rank 0
  std::uint16_t port = 0;
  std::string session;        // tells one start from another in a store that outlives both
  bool store_exists = false;  // torchrun's agent holds it: connect, do not open another
};

// The value of a variable; none when it is unset or empty.
using Environment = std::function<std::optional<std::string>(const std::string&)>;
Environment process_environment();

// None when nothing says that there are several processes, or when there is one alone. MASTER_ADDR
// and MASTER_PORT overrule what a launcher implies. Throws Failure when half of what a launcher
// sets is missing, is no number, or does not say where rank 0 is.
std::optional<Launch> find_launch(const Environment& variable);

}  // namespace inkling
