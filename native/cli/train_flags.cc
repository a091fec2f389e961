// The flags of `inkling train`, in groups as --help shows them.
#include "cli/train_flags.h"

#include <limits>
#include <set>
#include <sstream>

#include "cli/augment_flags.h"
#include "cli/commands.h"
#include "cli/numbers.h"

namespace inkling {
namespace {

using Int = std::int64_t;

constexpr Int kLastSeed = std::numeric_limits<std::int32_t>::max();

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

void add_run_flags(CLI::App& command, TrainFlags& flags) {
  command.add_option(
      "--out", flags.out,
      "Folder for the run, new or without one: checkpoints, metrics, run.json; required");
  command
      .add_option("--resume", flags.resume,
                  "Go on with a run that was interrupted: --resume DIR needs no other flag")
      ->expected(0, 1);
  command.add_flag("--benchmark", flags.benchmark,
                   "Measure images a second of data, augmentation and step, apart and together, "
                   "and train nothing");
  command.add_option("--device", flags.device, "auto, cpu or cuda")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
      ->capture_default_str();
  command.add_option("--threads", flags.threads, "CPU threads; 0: one a core")
      ->check(within(0, 1024))
      ->capture_default_str();
  add_number(
      command, "--peer-timeout", flags.peer_timeout, 1.0, 86'400.0,
      "Several processes: seconds to wait for one that is late; a dead one is noticed sooner");
  add_number(command, "--keep-every", flags.options.keep_every, Int{0}, Int{100'000},
             "Keep the weights of every n-th epoch too; 0: only the best and the last");
  add_number(command, "--checkpoint-minutes", flags.options.checkpoint_minutes, 0.0, 1e6,
             "Longest time between checkpoints; there is one after each epoch anyway");
}

void add_network_flags(CLI::App& command, TrainFlags& flags) {
  Variation& v = flags.variation;
  command.add_option("--preset", flags.preset, "Which network: " + joined(preset_names()))
      ->capture_default_str();
  command.add_option("--start-from", flags.start_from,
                     "A run's folder whose best weights to begin with, rather than at random");
  command.add_flag("--list-presets", flags.list_presets, "Show every network, layer by layer");
  command.add_option("--width", v.width, "Factor of every hidden layer's channels or features")
      ->check(within(0.01, 64.0))
      ->capture_default_str();
  command
      .add_option("--depth", v.depth, "Layers a block: convolutions between pools, hidden layers")
      ->check(within(0, 100));
  command.add_option("--kernel", v.kernel, "Side of every convolution's kernel: 1, 3, 5 or 7")
      ->check(CLI::IsMember({1, 3, 5, 7}));
  command.add_option("--dropout", v.dropout, "Of every dropout; before the last layer if none is")
      ->check(within(0.0, 0.95));
}

void add_data_flags(CLI::App& command, TrainFlags& flags) {
  add_source_flags(command, flags.sources);
  add_source_flags(command, flags.test_sources, "--test-");
  add_number(command, "--validation", flags.validation_share, 0.001, 0.9,
             "Share of the data held out");
  command
      .add_option("--validation-seed", flags.validation_seed,
                  "Of what is held out; not given: each run's --seed, so that runs hold out "
                  "different images")
      ->check(within(Int{0}, kLastSeed));
  add_number(command, "--repeat-strokes", flags.drawing_repeat, Int{1}, Int{1000},
             "Show each drawing so many times an epoch, each time with another pen");
  command.add_flag("--drop-leaks", flags.drop_leaks,
                   "Train without the images that are also held out or tested on");
  command
      .add_option("--seed", flags.seeds,
                  "Of the split, the start and the order; several: a run for each in OUT/seed-N")
      ->delimiter(',')
      ->check(within(Int{0}, kLastSeed))
      ->capture_default_str();
}

void add_recipe_flags(CLI::App& command, TrainFlags& flags) {
  TrainOptions& o = flags.options;
  add_number(command, "--epochs", o.epochs, Int{1}, Int{100'000}, "Passes over the data");
  add_number(command, "--batch", o.batches.batch, Int{1}, Int{1'000'000}, "Images a step");
  command.add_option("--optimizer", flags.optimizer, joined(optimizer_names()))
      ->check(CLI::IsMember(optimizer_names()))
      ->capture_default_str();
  command
      .add_option("--weight-decay", o.optimizer.weight_decay,
                  "Decay of the kernels; not given: adamw 0.02, adam 0, sgd 0.0005")
      ->check(within(0.0, 10.0));
  add_number(command, "--momentum", o.optimizer.momentum, 0.0, 0.9999, "SGD's");
  command.add_flag("--nesterov", o.optimizer.nesterov, "Nesterov's momentum for SGD");
  add_number(command, "--label-smoothing", o.label_smoothing, 0.0, 0.99,
             "Share given to the other digits");
  add_number(command, "--average-decay", o.average_decay, 0.0, 1.0,
             "Moving average of the weights, a step; 0: none");
  command
      .add_option("--teacher", flags.teachers,
                  "A run's folder, or a file that inkling export or quantize wrote, to learn from "
                  "besides the labels (distillation); several: the mean of their answers")
      ->allow_extra_args(false);
  add_number(command, "--teacher-share", o.teacher_share, 0.0, 1.0,
             "How much of the loss is the distance to the teacher's answers");
  command
      .add_option("--precision", flags.precision,
                  "auto (bfloat16 on a GPU, float32 on a CPU), float32, or bfloat16, which is "
                  "quicker on a CPU with AVX512-BF16")
      ->check(CLI::IsMember({"auto", "float32", "bfloat16"}))
      ->capture_default_str();
  command.add_flag("--sync-batch-norm", o.sync_batch_norm,
                   "Several processes: batch norm over all their rows, not each one's own");
  add_number(command, "--early-stopping", o.stop_patience, Int{0}, Int{100'000},
             "Stop after so many epochs without a better one; 0: never");
  add_number(command, "--refuse", o.refuse_share, 0.0, 0.5,
             "Share of held-out digits that may be answered \"?\"");
}

void add_schedule_flags(CLI::App& command, TrainFlags& flags) {
  ScheduleOptions& s = flags.options.schedule;
  command
      .add_option("--schedule", flags.schedule, "Of the learning rate: " + joined(schedule_names()))
      ->check(CLI::IsMember(schedule_names()))
      ->capture_default_str();
  add_number(command, "--learning-rate", s.learning_rate, 1e-9, 1e30, "Peak of the schedule");
  add_number(command, "--warmup-epochs", s.warmup_epochs, 0.0, 1000.0, "Epochs of linear rise");
  command
      .add_option("--lr-factor", s.factor,
                  "step, exponential, plateau: factor of each fall; not given: 0.1, 0.95, 0.5")
      ->check(within(1e-6, 1.0));
  add_number(command, "--lr-step", s.step_epochs, Int{1}, Int{100'000},
             "step: epochs between falls");
  add_number(command, "--lr-patience", s.patience, Int{0}, Int{100'000},
             "plateau: epochs without a lower validation loss before a fall");
  add_number(command, "--lr-cooldown", s.cooldown, Int{0}, Int{100'000},
             "plateau: epochs after a fall that are not counted");
  add_number(command, "--lr-floor", s.floor, 0.0, 1e3, "plateau: goes no lower");
}

}  // namespace

void add_train_flags(CLI::App& command, TrainFlags& flags) {
  const auto group = [&](const std::string& name, auto add) {
    command.option_defaults()->group(name);
    add(command, flags);
  };
  group("The run", add_run_flags);
  group("The network", add_network_flags);
  group("Data", add_data_flags);
  group("The recipe", add_recipe_flags);
  group("The learning rate", add_schedule_flags);
  group("Augmentation",
        [](CLI::App& c, TrainFlags& f) { add_augment_flags(c, f.options.batches); });
}

namespace {

// Flags that a resumed run may change, and those that say nothing of how it computes.
const std::set<std::string> kFreedoms = {"device", "threads", "keep-every", "checkpoint-minutes",
                                         "peer-timeout"};
const std::set<std::string> kNoRecipe = {"help", "out", "resume", "list-presets", "benchmark"};

bool is_recipe(const std::string& flag) {
  return !kFreedoms.contains(flag) && !kNoRecipe.contains(flag);
}

}  // namespace

std::map<std::string, std::string> recipe_of(const CLI::App& command) {
  std::map<std::string, std::string> recipe = given_recipe(command);
  for (const CLI::Option* option : command.get_options()) {
    const std::string name = option->get_single_name();
    if (is_recipe(name)) recipe.try_emplace(name, option->get_default_str());
  }
  return recipe;
}

std::map<std::string, std::string> computation_of(const CLI::App& command) {
  std::map<std::string, std::string> recipe = recipe_of(command);
  for (const char* path : {"mnist", "kaggle", "strokes", "test-mnist", "test-kaggle",
                           "test-strokes", "start-from", "teacher"}) {
    recipe.erase(path);
  }
  return recipe;
}

std::map<std::string, std::string> given_recipe(const CLI::App& command) {
  std::map<std::string, std::string> recipe;
  for (const CLI::Option* option : command.get_options()) {
    const std::string name = option->get_single_name();
    if (is_recipe(name) && option->count() > 0) recipe[name] = joined(option->results());
  }
  return recipe;
}

std::vector<std::string> given_freedoms(const CLI::App& command) {
  std::vector<std::string> arguments;
  for (const CLI::Option* option : command.get_options()) {
    const std::string name = option->get_single_name();
    if (kFreedoms.contains(name) && option->count() > 0) {
      arguments.push_back("--" + name + "=" + option->results().back());
    }
  }
  return arguments;
}

std::vector<std::string> arguments_of(const CLI::App& command) {
  std::vector<std::string> arguments = {command.get_name()};
  for (const CLI::Option* option : command.get_options()) {
    const std::string name = option->get_single_name();
    if (option->count() == 0 || name == "resume") continue;
    if (option->get_expected_max() == 0) {
      arguments.push_back("--" + name);  // a switch
      continue;
    }
    for (const std::string& value : option->results()) {
      arguments.push_back(std::string("--").append(name).append("=").append(value));
    }
  }
  return arguments;
}

}  // namespace inkling
