// Several processes that a test starts as a launcher would, watches and kills.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fcntl.h>
#include <chrono>
#include <csignal>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "temp_folder.h"

namespace inkling {

// A port nobody listens on, below those that the system gives to outgoing connections.
inline int free_port() {
  static int next = 20000 + getpid() % 10000;
  for (int tries = 0; tries < 1000; ++tries) {
    const int port = next++;
    const int handle = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET, address.sin_port = htons(static_cast<std::uint16_t>(port));
    const bool free = bind(handle, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(handle);
    if (free) return port;
  }
  throw Failure("no free port");
}

class Processes {
 public:
  struct End {
    int code = -1;     // exit code; -1 when it was ended by a signal, or had to be by the test
    std::string text;  // stdout and stderr together
  };

  // Starts `count` processes of the command, numbered as torchrun numbers them; none of torchrun's
  // variables for one alone.
  Processes(int count, const std::vector<std::string>& command) {
    const std::string port = std::to_string(free_port());
    for (int rank = 0; rank < count; ++rank) {
      std::map<std::string, std::string> variables{{"OMP_NUM_THREADS", "1"}};
      if (count > 1) {
        variables["RANK"] = std::to_string(rank), variables["WORLD_SIZE"] = std::to_string(count);
        variables["MASTER_ADDR"] = "127.0.0.1", variables["MASTER_PORT"] = port;
      }
      start(command, variables);
    }
  }
  Processes() = default;
  ~Processes() {
    for (std::size_t i = 0; i < pids_.size(); ++i) {
      if (ends_.count(i) == 0) ::kill(pids_[i], SIGKILL), waitpid(pids_[i], nullptr, 0);
    }
  }
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;

  void start(const std::vector<std::string>& command,
             const std::map<std::string, std::string>& variables) {
    const std::string output = file(pids_.size());
    const pid_t pid = fork();
    if (pid == 0) {
      const int handle = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      dup2(handle, 1), dup2(handle, 2);
      for (const auto& [name, value] : variables) setenv(name.c_str(), value.c_str(), 1);
      std::vector<char*> arguments;
      for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
      arguments.push_back(nullptr);
      execvp(arguments[0], arguments.data());
      _exit(127);
    }
    pids_.push_back(pid);
  }

  void signal(std::size_t which, int number) { ::kill(pids_[which], number); }
  pid_t pid(std::size_t which) const { return pids_[which]; }

  bool runs(std::size_t which) { return !has_ended(which); }

  // What it has said so far.
  std::string text(std::size_t which) const {
    std::ostringstream all;
    all << std::ifstream(file(which)).rdbuf();
    return all.str();
  }
  // Waits until it has said `piece`; false after the patience, or when it ended without.
  bool says(std::size_t which, const std::string& piece) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (text(which).find(piece) == std::string::npos) {
      if (has_ended(which) || std::chrono::steady_clock::now() > deadline) {
        return text(which).find(piece) != std::string::npos;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  }
  // Waits for its end.
  End end(std::size_t which) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!has_ended(which) && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    const bool ended = ends_.count(which) != 0;
    EXPECT_TRUE(ended) << "process " << which << " goes on:\n" << text(which);
    const bool killed = ended && WIFSIGNALED(ends_[which]);
    if (killed)
      return {-1, text(which) + "(ended by signal " + std::to_string(WTERMSIG(ends_[which])) + ")"};
    return {ended && WIFEXITED(ends_[which]) ? WEXITSTATUS(ends_[which]) : -1, text(which)};
  }

 private:
  static constexpr std::chrono::seconds kPatience{120};  // a loaded machine starts slowly

  std::string file(std::size_t which) const {
    return (folder_ / ("output" + std::to_string(which))).string();
  }
  bool has_ended(std::size_t which) {
    if (ends_.count(which) != 0) return true;
    int status = 0;
    if (waitpid(pids_[which], &status, WNOHANG) != pids_[which]) return false;
    ends_[which] = status;
    return true;
  }

  TempFolder folder_;
  std::vector<pid_t> pids_;
  std::map<std::size_t, int> ends_;  // by process: what waitpid said
};

}  // namespace inkling
