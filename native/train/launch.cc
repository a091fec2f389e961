// Reading the launchers' variables. Names: PyTorch's torchrun; Open MPI's OMPI_COMM_WORLD_*; the
// process managers of MPICH (PMI_*, MPI_LOCALNRANKS); Slurm's srun (the manual's "OUTPUT
// ENVIRONMENT VARIABLES").
#include "train/launch.h"

#include <charconv>
#include <cstdlib>

#include "data/file.h"

namespace inkling {
namespace {

constexpr int kMostProcesses = 4096;
constexpr std::uint16_t kDefaultPort = 29500;  // torchrun's
// Above the ports that Linux hands to outgoing connections (to 60999), so that two jobs on one
// machine seldom meet.
constexpr std::uint16_t kFirstJobPort = 61440;
constexpr std::uint16_t kJobPorts = 4096;

// The pair of variables by which a launcher numbers its processes.
struct Naming {
  const char* launcher;
  const char* rank;
  const char* size;
};
constexpr Naming kTorchrun{"torchrun", "RANK", "WORLD_SIZE"};
constexpr Naming kOpenMpi{"Open MPI's mpirun", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"};
constexpr Naming kPmi{"MPICH's mpirun", "PMI_RANK", "PMI_SIZE"};
constexpr Naming kSlurm{"Slurm's srun", "SLURM_PROCID", "SLURM_NTASKS"};

int whole_number(const std::string& name, const std::string& text, int low, int high) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < low || value > high) {
    throw Failure("the variable " + name + " is '" + text + "', not a whole number from " +
                  std::to_string(low) + " to " + std::to_string(high) +
                  "; set it as the launcher does, or unset it to train with one process");
  }
  return value;
}

// True when both variables of the pair are there; Failure when one is alone.
bool numbered(const Environment& variable, const Naming& naming) {
  const bool has_rank = variable(naming.rank).has_value();
  const bool has_size = variable(naming.size).has_value();
  if (has_rank == has_size) return has_rank;
  throw Failure("the variable " + std::string(has_rank ? naming.rank : naming.size) +
                " is set but " + (has_rank ? naming.size : naming.rank) + " is not: " +
                naming.launcher + " sets both; set both, or none to train with one process");
}

// A batch script sees the variables of its job although nothing was started several times; srun
// alone adds the step's.
bool started_by_srun(const Environment& variable) {
  if (!variable("SLURM_STEP_ID") && !variable("SLURM_LAUNCH_NODE_IPADDR")) return false;
  return variable("SLURM_PROCID").has_value() && numbered(variable, kSlurm);
}

// The pair to believe. A launcher that was itself started by srun comes before srun.
const Naming* choose(const Environment& variable) {
  for (const Naming* naming : {&kTorchrun, &kOpenMpi, &kPmi}) {
    if (numbered(variable, *naming)) return naming;
  }
  return started_by_srun(variable) ? &kSlurm : nullptr;
}

// "gpu[03-07,9],old1" -> "gpu03": srun puts rank 0 on its first node.
std::string first_host(const std::string& nodes) {
  const std::size_t end = nodes.find_first_of("[,");
  std::string host = nodes.substr(0, end);
  if (end == std::string::npos || nodes[end] == ',') return host;
  return host + nodes.substr(end + 1, nodes.find_first_of(",-]", end) - end - 1);
}

std::string find_address(const Environment& variable, const Naming& naming,
                         const std::string& size) {
  if (const auto address = variable("MASTER_ADDR")) return *address;
  // All of them on this machine?
  for (const char* local : {"OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS"}) {
    if (&naming != &kTorchrun && variable(local) == size) return "127.0.0.1";
  }
  if (const auto nodes = variable("SLURM_STEP_NODELIST")) return first_host(*nodes);
  if (const auto address = variable("SLURM_LAUNCH_NODE_IPADDR")) return *address;
  throw Failure(std::string(naming.launcher) + " started " + size +
                " processes, but nothing says where rank 0 is; set MASTER_ADDR to the name of its "
                "machine for every process");
}

// The default port, unless the launcher names the job: then one of the job's own.
std::uint16_t find_port(const Environment& variable) {
  if (const auto port = variable("MASTER_PORT")) {
    return static_cast<std::uint16_t>(whole_number("MASTER_PORT", *port, 1, 65535));
  }
  const auto job = variable("SLURM_JOB_ID") ? variable("SLURM_JOB_ID") : variable("PMIX_NAMESPACE");
  if (!job) return kDefaultPort;
  const std::string name = *job + "." + variable("SLURM_STEP_ID").value_or("");
  std::uint32_t hash = 2166136261;  // FNV-1a: the same in every process, whatever its library
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619;
  return static_cast<std::uint16_t>(kFirstJobPort + hash % kJobPorts);
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  };
}

std::optional<Launch> find_launch(const Environment& variable) {
  const Naming* naming = choose(variable);
  if (naming == nullptr) return std::nullopt;
  Launch launch;
  const std::string size = *variable(naming->size);
  launch.size = whole_number(naming->size, size, 1, kMostProcesses);
  launch.rank = whole_number(naming->rank, *variable(naming->rank), 0, launch.size - 1);
  if (launch.size == 1) return std::nullopt;
  launch.address = find_address(variable, *naming, size);
  launch.port = find_port(variable);
  if (naming == &kTorchrun) {
    launch.store_exists = variable("TORCHELASTIC_USE_AGENT_STORE") == "True";
    launch.session = variable("TORCHELASTIC_RUN_ID").value_or("") + "." +
                     variable("TORCHELASTIC_RESTART_COUNT").value_or("");
  }
  return launch;
}

}  // namespace inkling
