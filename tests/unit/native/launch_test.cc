// What the launchers' variables mean.
#include <gtest/gtest.h>

#include <map>

#include "temp_folder.h"
#include "train/launch.h"

namespace inkling {
namespace {

using Variables = std::map<std::string, std::string>;

std::optional<Launch> launch(const Variables& variables) {
  return find_launch([&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

TEST(Launch, NothingSaidIsOneProcess) {
  EXPECT_FALSE(launch({}));
  EXPECT_FALSE(launch({{"RANK", "0"}, {"WORLD_SIZE", "1"}}));
  EXPECT_FALSE(launch({{"MASTER_ADDR", "a"}, {"MASTER_PORT", "1"}}));
}

TEST(Launch, Torchrun) {
  const auto l = launch({{"RANK", "3"},
                         {"WORLD_SIZE", "8"},
                         {"LOCAL_RANK", "1"},
                         {"MASTER_ADDR", "node1"},
                         {"MASTER_PORT", "1234"}});
  ASSERT_TRUE(l);
  EXPECT_EQ(l->rank, 3);
  EXPECT_EQ(l->size, 8);
  EXPECT_EQ(l->address, "node1");
  EXPECT_EQ(l->port, 1234);
  EXPECT_FALSE(l->store_exists);
}

TEST(Launch, TorchrunsAgentHoldsTheStoreAndEachRestartHasItsOwnNames) {
  Variables v{{"RANK", "0"},
              {"WORLD_SIZE", "2"},
              {"MASTER_ADDR", "a"},
              {"TORCHELASTIC_USE_AGENT_STORE", "True"},
              {"TORCHELASTIC_RUN_ID", "job"},
              {"TORCHELASTIC_RESTART_COUNT", "0"}};
  const auto first = launch(v);
  v["TORCHELASTIC_RESTART_COUNT"] = "1";
  const auto second = launch(v);
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(first->store_exists);
  EXPECT_EQ(first->port, 29500);
  EXPECT_NE(first->session, second->session);
}

TEST(Launch, OpenMpiOnOneMachineNeedsNoAddress) {
  const auto l = launch({{"OMPI_COMM_WORLD_RANK", "1"},
                         {"OMPI_COMM_WORLD_SIZE", "2"},
                         {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"},
                         {"PMIX_NAMESPACE", "prterun-1@1"}});
  ASSERT_TRUE(l);
  EXPECT_EQ(l->rank, 1);
  EXPECT_EQ(l->address, "127.0.0.1");
  EXPECT_GE(l->port, 61440);  // of this job, so that two jobs do not meet
}

TEST(Launch, OpenMpiOnSeveralMachinesAsksForTheAddress) {
  const Variables v{{"OMPI_COMM_WORLD_RANK", "1"},
                    {"OMPI_COMM_WORLD_SIZE", "4"},
                    {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}};
  expect_failure([&] { launch(v); }, "MASTER_ADDR", "4 processes", "mpirun");
}

TEST(Launch, Mpich) {
  const auto l = launch({{"PMI_RANK", "2"}, {"PMI_SIZE", "3"}, {"MASTER_ADDR", "b"}});
  ASSERT_TRUE(l);
  EXPECT_EQ(l->rank, 2);
  EXPECT_EQ(l->address, "b");
}

TEST(Launch, SlurmFindsTheFirstNode) {
  Variables v{{"SLURM_PROCID", "1"},
              {"SLURM_NTASKS", "4"},
              {"SLURM_STEP_ID", "0"},
              {"SLURM_JOB_ID", "77"},
              {"SLURM_STEP_NODELIST", "gpu[03-07,9],old1"}};
  ASSERT_TRUE(launch(v));
  EXPECT_EQ(launch(v)->address, "gpu03");
  v["SLURM_STEP_NODELIST"] = "a,b";
  EXPECT_EQ(launch(v)->address, "a");
  v["SLURM_STEP_NODELIST"] = "c[12,14]";
  EXPECT_EQ(launch(v)->address, "c12");
  v.erase("SLURM_STEP_NODELIST");
  v["SLURM_LAUNCH_NODE_IPADDR"] = "10.0.0.1";
  EXPECT_EQ(launch(v)->address, "10.0.0.1");
  v["MASTER_ADDR"] = "chosen";
  EXPECT_EQ(launch(v)->address, "chosen");
}

TEST(Launch, ABatchScriptIsNotSeveralProcesses) {
  EXPECT_FALSE(launch({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}, {"SLURM_JOB_ID", "77"}}));
}

TEST(Launch, HalfOfThePairIsNamed) {
  expect_failure([] { launch({{"RANK", "0"}}); }, "RANK is set but WORLD_SIZE is not");
  expect_failure([] { launch({{"WORLD_SIZE", "2"}}); }, "WORLD_SIZE is set but RANK is not");
  expect_failure([] { launch({{"PMI_SIZE", "2"}}); }, "PMI_RANK is not");
  expect_failure([] { launch({{"SLURM_PROCID", "0"}, {"SLURM_STEP_ID", "0"}}); }, "SLURM_NTASKS");
  expect_failure([] { launch({{"RANK", "0"}, {"WORLD_SIZE", "2"}}); }, "MASTER_ADDR", "torchrun");
}

TEST(Launch, WhatIsNoNumberIsNamed) {
  const auto with = [](const std::string& rank, const std::string& size, const std::string& port) {
    return [=] {
      launch({{"RANK", rank}, {"WORLD_SIZE", size}, {"MASTER_ADDR", "a"}, {"MASTER_PORT", port}});
    };
  };
  expect_failure(with("2", "2", "1"), "RANK is '2'", "0 to 1");
  expect_failure(with("-1", "2", "1"), "RANK is '-1'");
  expect_failure(with("one", "2", "1"), "RANK is 'one'");
  expect_failure(with("0", "0", "1"), "WORLD_SIZE is '0'");
  expect_failure(with("0", "99999999999", "1"), "WORLD_SIZE");
  expect_failure(with("0", "2", "70000"), "MASTER_PORT is '70000'");
}

}  // namespace
}  // namespace inkling
