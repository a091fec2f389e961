// A training that is killed, starved of disk or finds its checkpoint damaged, and goes on: it must
// end with the weights of one that was never interrupted, bit for bit.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <thread>

#include "command.h"
#include "synthetic.h"
#include "temp_folder.h"
#include "train/checkpoint.h"

namespace inkling {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// Small and quick, with all that has a state: dropout, batch norm, elastic augmentation, the
// plateau schedule; a checkpoint after each step.
std::vector<std::string> recipe(const std::string& strokes, const std::string& out) {
  return {
      "train",     "--strokes",    strokes, "--out",           out,       "--preset",
      "two-stage", "--width",      "0.25",  "--epochs",        "4",       "--batch",
      "16",        "--threads",    "1",     "--schedule",      "plateau", "--lr-patience",
      "0",         "--elastic",    "1",     "--average-decay", "0.9",     "--checkpoint-minutes",
      "0",         "--keep-every", "2"};
}

std::string joined(const std::vector<std::string>& arguments) {
  std::string line;
  for (const std::string& argument : arguments) line += argument + " ";
  return line;
}

// Starts the command and kills it when it `is_time`; true when it had ended by itself, with
// success.
bool ends_before(const std::vector<std::string>& arguments, const std::function<bool()>& is_time) {
  const pid_t child = fork();
  if (child == 0) {
    const int null = open("/dev/null", O_WRONLY);
    dup2(null, STDOUT_FILENO);
    std::vector<char*> argv = {const_cast<char*>(INKLING_BINARY)};
    for (const std::string& argument : arguments)
      argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    execv(INKLING_BINARY, argv.data());
    _exit(127);
  }
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (!is_time()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      continue;
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return false;
  }
  EXPECT_EQ(WEXITSTATUS(status), 0);
  return true;
}

// metrics.jsonl without what depends on the clock.
std::vector<nlohmann::json> metrics(const fs::path& run) {
  std::istringstream lines(read_file(run / "metrics.jsonl"));
  std::vector<nlohmann::json> all;
  for (std::string line; std::getline(lines, line);) {
    all.push_back(nlohmann::json::parse(line));
    all.back().erase("seconds"), all.back().erase("images_per_second");
  }
  return all;
}

class Resume : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    strokes_ = folder_->write("s.jsonl", stroke_file(synthetic_drawings(12, 6))).string();
    const auto start = Clock::now();
    const Outcome whole = inkling_command(joined(recipe(strokes_, path("whole"))));
    ASSERT_EQ(whole.code, 0) << whole.text;
    duration_ = Clock::now() - start;
  }
  static void TearDownTestSuite() { delete folder_; }
  static std::string path(const std::string& name) { return (*folder_ / name).string(); }

  // The run must be what the uninterrupted one is.
  static void expect_whole(const std::string& name) {
    for (const char* file : {"best.safetensors", "last.safetensors", "epoch-0002.safetensors"}) {
      EXPECT_EQ(read_file(fs::path(path(name)) / file), read_file(fs::path(path("whole")) / file))
          << file;
    }
    EXPECT_EQ(metrics(path(name)), metrics(path("whole")));
    const auto run = [](const std::string& of) {
      return nlohmann::json::parse(read_file(fs::path(path(of)) / "run.json"));
    };
    for (const char* key : {"temperature", "rejection_threshold", "network"}) {
      EXPECT_EQ(run(name).at(key), run("whole").at(key)) << key;
    }
    EXPECT_EQ(run(name).at("details").at("validation"),
              run("whole").at("details").at("validation"));
  }

  static inline TempFolder* folder_ = nullptr;
  static inline std::string strokes_;
  static inline Clock::duration duration_{};
};

TEST_F(Resume, KilledAtRandomMomentsEndsWithTheSameWeights) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed of the moments: " + std::to_string(seed));
  std::mt19937 random(seed);
  constexpr int kKills = 6;
  auto arguments = recipe(strokes_, path("killed"));
  arguments.push_back("--resume");  // the first time there is nothing to resume: it begins
  bool done = false;
  for (int i = 0; i < kKills && !done; ++i) {
    const auto moment = Clock::now() + duration_ * (random() % 1000) / 1000;
    done = ends_before(arguments, [&] { return Clock::now() >= moment; });
  }
  if (!done) {
    ASSERT_TRUE(ends_before(arguments, [] { return false; }));
  }
  expect_whole("killed");
}

TEST_F(Resume, TheFolderAloneIsEnough) {
  const bool ended = ends_before(recipe(strokes_, path("alone")), [] {
    return fs::exists(path("alone/best.safetensors"));  // after the first epoch
  });
  EXPECT_FALSE(ended);
  const Outcome resumed = inkling_command("train --resume " + path("alone"));
  ASSERT_EQ(resumed.code, 0) << resumed.text;
  expect_whole("alone");
}

TEST_F(Resume, ADamagedCheckpointIsNamedAndTheOneBeforeItUsed) {
  fs::copy(path("whole"), path("damaged"), fs::copy_options::recursive);
  const auto serial = [&](int i) {
    const TensorFile file =
        load_tensors(path("damaged/resume-" + std::to_string(i) + ".safetensors"));
    return std::stoll(file.metadata.at("serial"));
  };
  const std::string name =
      path(std::string("damaged/resume-") + (serial(0) > serial(1) ? "0" : "1") + ".safetensors");
  std::string bytes = read_file(name);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  folder_->write(fs::relative(name, folder_->path()).string(), bytes);

  const Outcome resumed = inkling_command("train --resume " + path("damaged"));
  ASSERT_EQ(resumed.code, 0) << resumed.text;
  EXPECT_NE(resumed.text.find(name + " is damaged"), std::string::npos) << resumed.text;
  EXPECT_NE(resumed.text.find("resuming at epoch 4"), std::string::npos) << resumed.text;
  expect_whole("damaged");
}

TEST_F(Resume, AFullDiskIsSaidAndNothingIsLost) {
  // No file may be larger than 32 KiB: the first checkpoint (larger) cannot be written.
  const Outcome starved = shell("ulimit -f 64; " + std::string(INKLING_BINARY) + " " +
                                joined(recipe(strokes_, path("full"))));
  expect_sentence(starved, "cannot write");
  EXPECT_NE(starved.text.find("File too large"), std::string::npos) << starved.text;
  const Outcome resumed = inkling_command("train --resume " + path("full"));
  ASSERT_EQ(resumed.code, 0) << resumed.text;
  expect_whole("full");
}

TEST_F(Resume, AnotherRecipeIsRefusedByName) {
  auto other = recipe(strokes_, path("whole"));
  other.insert(other.end(), {"--label-smoothing", "0.2", "--resume"});
  expect_sentence(inkling_command(joined(other)), "--label-smoothing was '0.05'");
  // Without data flags too; and a folder cannot be two.
  expect_sentence(inkling_command("train --resume " + path("whole") + " --label-smoothing 0.2"),
                  "--label-smoothing was '0.05'");
  expect_sentence(inkling_command("train --resume " + path("whole") + " --out " + path("other")),
                  "leave out --out");
}

TEST_F(Resume, OtherDataThanItBeganWithAreRefused) {
  const std::string moving =
      folder_->write("moving.jsonl", stroke_file(synthetic_drawings(20, 8))).string();
  auto arguments = recipe(moving, path("moving"));
  ASSERT_TRUE(ends_before(arguments, [] { return false; }));
  folder_->write("moving.jsonl", stroke_file(synthetic_drawings(19, 8)));
  const std::string before = read_file(path("moving/best.safetensors"));
  expect_sentence(inkling_command("train --resume " + path("moving")), "the data are not those");
  EXPECT_EQ(read_file(path("moving/best.safetensors")), before);
}

TEST_F(Resume, AnotherTeacherThanItBeganWithIsRefused) {
  fs::copy(path("whole"), path("teacher"), fs::copy_options::recursive);
  auto arguments = recipe(strokes_, path("taught"));
  arguments.insert(arguments.end(), {"--teacher", path("teacher")});
  ASSERT_TRUE(ends_before(arguments, [] { return false; }));
  ASSERT_EQ(inkling_command("train --resume " + path("taught")).code, 0);
  fs::copy_file(path("whole/epoch-0002.safetensors"), path("teacher/best.safetensors"),
                fs::copy_options::overwrite_existing);
  expect_sentence(inkling_command("train --resume " + path("taught")),
                  "--teacher " + path("teacher") + " is not what it was");
}

TEST_F(Resume, ARunWhoseCheckpointsAreGoneIsNotBegunAnew) {
  fs::copy(path("whole"), path("bare"), fs::copy_options::recursive);
  for (const char* file : {"resume-0.safetensors", "resume-1.safetensors"}) {
    fs::remove(fs::path(path("bare")) / file);
  }
  expect_sentence(inkling_command("train --resume " + path("bare")), "are gone");
  EXPECT_EQ(read_file(path("bare/metrics.jsonl")), read_file(path("whole/metrics.jsonl")));
}

TEST(FolderLock, IsHeldByOneAtATime) {
  const TempFolder folder;
  {
    const FolderLock first(folder.path());
    EXPECT_NE(failure_of([&] { const FolderLock second(folder.path()); }).find("another training"),
              std::string::npos);
  }
  const FolderLock third(folder.path());
}

TEST_F(Resume, AFolderWithoutARunSaysHowToBeginOne) {
  expect_sentence(inkling_command("train --resume " + path("nowhere")), "no run to resume");
  fs::create_directory(path("odd"));
  folder_->write("odd/recipe.json", "{\"command\": 7}");
  expect_sentence(inkling_command("train --resume " + path("odd")), "recipe.json is damaged");
}

TEST(CheckpointFiles, OneOfTwoIsAlwaysWhole) {
  const TempFolder folder;
  CheckpointFiles files(folder.path());
  EXPECT_FALSE(files.newest().has_value());
  for (int i = 0; i < 3; ++i) files.save({{{"a", torch::full({2}, i)}}, {{"epoch", i}}});
  EXPECT_EQ(CheckpointFiles(folder.path()).newest()->position.at("epoch"), 2);
  // Serial 2 lies in resume-0.
  const std::string bytes = read_file(folder / "resume-0.safetensors");
  testing::internal::CaptureStderr();
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    folder.write("resume-0.safetensors", damaged);
    EXPECT_EQ(CheckpointFiles(folder.path()).newest()->position.at("epoch"), 1) << at;
  }
  EXPECT_NE(testing::internal::GetCapturedStderr().find("checksum"), std::string::npos);
  folder.write("resume-1.safetensors", "short");
  expect_failure([&] { CheckpointFiles(folder.path()).newest(); }, "resume-0", "begin anew");
}

TEST(CheckpointFiles, TheDamagedOneIsTheNextToBeReplaced) {
  const TempFolder folder;
  CheckpointFiles files(folder.path());
  for (int i = 0; i < 4; ++i) files.save({{{"a", torch::full({2}, i)}}, {{"epoch", i}}});
  folder.write("resume-1.safetensors", "damaged");  // serial 3
  CheckpointFiles again(folder.path());
  EXPECT_EQ(again.newest()->position.at("epoch"), 2);
  again.save({{{"a", torch::full({2}, 9)}}, {{"epoch", 9}}});
  EXPECT_EQ(CheckpointFiles(folder.path()).newest()->position.at("epoch"), 9);
  EXPECT_TRUE(fs::exists(folder / "resume-0.safetensors"));
}

}  // namespace
}  // namespace inkling
