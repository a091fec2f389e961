// `inkling train`: data in, a run's folder out; several seeds in one command; an interrupted run
// resumed.
#include <ATen/Parallel.h>
#include <torch/cuda.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "cli/commands.h"
#include "cli/processes.h"
#include "cli/recipe.h"
#include "cli/teachers.h"
#include "cli/train_flags.h"
#include "data/file.h"
#include "data/leaks.h"
#include "report/answers.h"
#include "train/benchmark.h"
#include "train/run.h"
#include "train/scoring.h"

namespace inkling {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr char kSeedFolder[] = "seed-";  // of several seeds, before each one's number

void print_preset(const std::string& name, const Variation& variation) {
  const NetworkSpec spec = preset(name, variation);
  std::int64_t parameters = 0, multiply_adds = 0;
  std::printf("%s: %s\n  %-12s %-14s %12s %14s\n", name.c_str(), preset_summary(name).c_str(),
              "layer", "shape", "parameters", "multiply-adds");
  for (const LayerShape& row : layer_shapes(spec)) {
    std::string shape;
    for (std::int64_t side : row.shape) shape += (shape.empty() ? "" : "x") + std::to_string(side);
    std::printf("  %-12s %-14s %12lld %14lld\n", row.name.c_str(), shape.c_str(),
                static_cast<long long>(row.parameters), static_cast<long long>(row.multiply_adds));
    parameters += row.parameters, multiply_adds += row.multiply_adds;
  }
  std::printf("  %-12s %-14s %12lld %14lld\n\n", "total", "", static_cast<long long>(parameters),
              static_cast<long long>(multiply_adds));
}

torch::Device choose_device(const std::string& name) {
  if (name == "cpu" || (name == "auto" && !torch::cuda::is_available())) return torch::kCPU;
  if (!torch::cuda::is_available()) {
    throw Failure("--device cuda: this LibTorch sees no GPU; use --device cpu or auto");
  }
  return torch::kCUDA;
}

std::string hardware(torch::Device device) {
  std::string processor = "CPU";
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const std::size_t colon = line.find(": ");
    if (!line.starts_with("model name") || colon == std::string::npos) continue;
    processor = line.substr(colon + 2);
    break;
  }
  return (device.is_cuda() ? "one GPU; " : "") + processor + ", " +
         std::to_string(at::get_num_threads()) +
         (at::get_num_threads() == 1 ? " thread" : " threads");
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Failure("cannot make the folder " + folder.string() + ": " + error.message());
}

// --- one seed -----------------------------------------------------------------------------------

// The one time a run sees test data: after every choice was made.
void test_once(Network& network, const std::vector<NamedDataset>& sets, const LeakReport& leaks,
               const fs::path& folder, Run& run) {
  run.details["tests"] = Json::array();
  std::vector<torch::Tensor> answers;
  auto leak = std::find_if(leaks.sets.begin(), leaks.sets.end(),
                           [](const LeakCount& count) { return !count.is_validation; });
  for (const NamedDataset& set : sets) {
    const torch::Tensor logits = predict_logits(network, set.data.images);
    answers.push_back((logits / run.temperature).softmax(1));
    const Score s = score(answers.back(), set.data.labels, run.rejection_threshold);
    Json scores = {{"images", s.count},
                   {"accuracy", s.accuracy()},
                   {"refused", s.refused_share()},
                   {"accuracy_refused_wrong", s.answered_accuracy()}};
    if (set.name == "mnist test" && !leak->any()) run.details["mnist_test"] = scores;
    scores["name"] = set.name;
    scores["leaks"] = describe(*leak++);
    if (!set.note.empty()) scores["note"] = set.note;
    run.details["tests"].push_back(scores);
    std::printf("%s: %.2f %% of %lld (\"?\" for %.2f %%; %.2f %% if \"?\" counts as wrong)\n",
                set.name.c_str(), 100 * s.accuracy(), static_cast<long long>(s.count),
                100 * s.refused_share(), 100 * s.answered_accuracy());
  }
  if (!sets.empty()) save_answers(folder, "test", sets, torch::cat(answers));
}

// More parameters than any machine of this purpose trains are a slip of --width or --depth.
NetworkSpec buildable(NetworkSpec spec) {
  constexpr double kMostParameters = 2e9;
  double parameters = 0;
  for (const LayerShape& row : layer_shapes(spec))
    parameters += static_cast<double>(row.parameters);
  if (parameters <= kMostParameters) return spec;
  char count[32];
  std::snprintf(count, sizeof count, "%.1e", parameters);
  throw Failure(std::string("the network would have ") + count +
                " parameters; lower --width or --depth");
}

void start_from(Network& network, const fs::path& folder) {
  const NetworkSpec theirs = load_run(folder).network;
  if (Json(theirs) != Json(network->spec())) {
    throw Failure("--start-from " + folder.string() + ": that run's network ('" + theirs.preset +
                  "') is not the one to be trained; name it with --preset and the flags of its "
                  "shape");
  }
  load_weights(network, checkpoint_path(folder, "best"));
}

// A resumed run must go on with what it began with.
void require_same_state(const SeenImages& seen, const fs::path& folder) {
  const fs::path path = seen_images_path(folder), log = folder / "metrics.jsonl";
  if (fs::exists(path)) {
    const SeenImages before = load_seen_images(path);
    if (before.training.sorted() != seen.training.sorted() ||
        before.validation.sorted() != seen.validation.sorted()) {
      throw Failure("the data are not those that the run in " + folder.string() + " began with (" +
                    std::to_string(before.training.size() + before.validation.size()) +
                    " different images then, " +
                    std::to_string(seen.training.size() + seen.validation.size()) +
                    " now, or other ones); put the files back, or begin another run");
    }
  }
  if (fs::exists(checkpoint_path(folder, "resume-0")) ||
      fs::exists(checkpoint_path(folder, "resume-1")) || !fs::exists(log)) {
    return;
  }
  // There is a checkpoint before an epoch's line, but for the first, which may be the last thing
  // done.
  const std::string lines = read_file(log);
  if (std::count(lines.begin(), lines.end(), '\n') < 2) return;
  throw Failure("the checkpoints of the run in " + folder.string() +
                " (resume-0.safetensors, resume-1.safetensors) are gone, so it cannot go on; begin "
                "another with --out");
}

// A run is one training's; two in a folder would mix one's weights with the other's calibration,
// and a seed's is worth no less for lying in the folder of several.
void require_no_run(const std::string& out) {
  std::vector<fs::path> places = {out};
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(out, error)) {
    if (entry.path().filename().string().starts_with(kSeedFolder)) places.push_back(entry.path());
  }
  for (const fs::path& place : places) {
    if (!fs::exists(place / "run.json") && !fs::exists(checkpoint_path(place, "resume-0")))
      continue;
    const std::string whole = fs::exists(recipe_path(out)) ? out : place.string();
    throw Failure(place.string() + " already holds a run; go on with it with --resume " + whole +
                  ", name another folder with --out, or remove it");
  }
}

// What all seeds have in common.
struct Common {
  Json recipe;  // what recipe.json keeps
  std::vector<NamedDataset> tests;
  torch::Device device;
  std::shared_ptr<const Teacher> teacher;
  Inheritance before;
};

// Of several processes (`group`, else null) rank 0 alone writes and tests.
Run train_seed(const TrainFlags& flags, const Common& common, std::int64_t seed,
               const fs::path& folder, ProcessGroup* group, std::optional<FolderLock>& lock) {
  const bool leads = group == nullptr || group->rank() == 0;
  const auto& [recipe, tests, device, teacher, before] = common;
  TrainOptions options = flags.options;
  options.batches.seed = seed, options.resume = flags.resume.has_value();
  options.teacher = teacher;
  torch::manual_seed(seed);
  Network network(buildable(preset(flags.preset, flags.variation)));
  if (!flags.start_from.empty()) start_from(network, flags.start_from);
  network->to(device);
  TrainingData data =
      load_training_data(flags.sources, flags.validation_share,
                         flags.validation_seed.value_or(seed), flags.drawing_repeat);
  const LeakReport leaks =
      flags.drop_leaks ? drop_leaks(data, tests, before) : find_leaks(data, tests, before);
  if (leads) {
    make_folder(flags.out);
    if (!lock) {
      lock.emplace(flags.out);
      if (!options.resume) require_no_run(flags.out);  // another may have ended meanwhile
    }
    make_folder(folder);
    const SeenImages seen = seen_images(data);
    if (options.resume) require_same_state(seen, folder);
    save_seen_images(seen, seen_images_path(folder));
    if (leaks.inherited > 0) save_seen_images(before.seen, inherited_images_path(folder));
    write_file(recipe_path(flags.out), to_text(recipe) + "\n");
  }

  std::printf(
      "%s: %lld parameters on %s; %lld images and %zu drawings to learn from, %lld held out\n",
      flags.preset.c_str(), static_cast<long long>(network->parameter_count()),
      device.is_cuda() ? "the GPU" : "the CPU", static_cast<long long>(data.images.size()),
      data.drawings.size(), static_cast<long long>(data.all_validation().size()));
  std::printf("%s\n", leaks.describe().c_str());
  Run run;
  run.network = network->spec(), run.command = recipe["command"].get<std::string>();
  run.details["data"] = describe(flags.sources);
  run.details["hardware"] = hardware(device);
  if (flags.validation_seed) run.details["validation_seed"] = *flags.validation_seed;
  run.details["leaks"] = leaks;
  train(network, data, options, folder, run, group);
  if (!leads) return run;
  std::printf("best epoch %lld: validation %.3f %%; temperature %.3f, \"?\" below %.3f\n",
              run.details["best_epoch"].get<long long>(),
              100 * run.details["validation"]["accuracy"].get<double>(), run.temperature,
              run.rejection_threshold);
  test_once(network, tests, leaks, folder, run);
  save_run(run, folder);
  std::printf("run kept in %s; next: inkling export %s -o model.onnx\n", folder.c_str(),
              folder.c_str());
  return run;
}

// What --benchmark does instead of training.
void run_benchmark(const TrainFlags& flags) {
  TrainOptions options = flags.options;
  options.batches.seed = flags.seeds.front();
  torch::manual_seed(flags.seeds.front());
  const torch::Device device = choose_device(flags.device);
  Network network(preset(flags.preset, flags.variation));
  network->to(device);
  const TrainingData data = load_training_data(flags.sources, flags.validation_share,
                                               flags.seeds.front(), flags.drawing_repeat);
  std::printf("%s, batch %lld, on %s; medians of rounds in which each part had its turn\n",
              flags.preset.c_str(), static_cast<long long>(options.batches.batch),
              hardware(device).c_str());
  print_benchmark(benchmark(network, data, options));
}

// --- several seeds ------------------------------------------------------------------------------

struct Spread {
  double mean = 0, deviation = 0;  // of the sample
};

Spread spread(const std::vector<double>& values) {
  Spread s;
  for (double v : values) s.mean += v / static_cast<double>(values.size());
  for (double v : values) s.deviation += (v - s.mean) * (v - s.mean);
  s.deviation =
      std::sqrt(s.deviation / static_cast<double>(std::max<std::size_t>(1, values.size() - 1)));
  return s;
}

// Mean and spread over the seeds of the validation's and of each test set's accuracy.
void summarise(const std::vector<Run>& runs, const fs::path& folder) {
  std::map<std::string, std::vector<double>> accuracies;
  Json summary = {{"seeds", Json::array()}};
  for (const Run& run : runs) {
    summary["seeds"].push_back(run.seed);
    accuracies["held out"].push_back(run.details["validation"]["accuracy"].get<double>());
    for (const Json& test : run.details["tests"]) {
      accuracies[test["name"].get<std::string>()].push_back(test["accuracy"].get<double>());
    }
  }
  std::printf("%zu seeds:\n", runs.size());
  for (const auto& [name, values] : accuracies) {
    const Spread s = spread(values);
    summary["accuracy"][name] = {{"mean", s.mean}, {"deviation", s.deviation}, {"each", values}};
    std::printf("  %s: %.3f %% on average, standard deviation %.3f\n", name.c_str(), 100 * s.mean,
                100 * s.deviation);
  }
  write_file(folder / "seeds.json", to_text(summary) + "\n");
}

// --- starting and resuming ----------------------------------------------------------------------

void add_command(CLI::App& app, const std::string& command_line, bool is_resumed);

// Does what was typed when the run was begun, this time resuming. What is typed now must say the
// same, but for what a run may change: where and with how much it computes.
void resume_as_begun(const std::string& folder, const CLI::App& command) {
  const Json kept = read_recipe(folder);
  require_same_recipe(kept, given_recipe(command), folder);
  auto arguments = kept["arguments"].get<std::vector<std::string>>();
  for (const std::string& argument : given_freedoms(command)) {
    const std::string flag = argument.substr(0, argument.find('=') + 1);
    std::erase_if(arguments, [&](const std::string& old) { return old.starts_with(flag); });
    arguments.push_back(argument);
  }
  arguments.insert(arguments.end(), {"--resume", folder});
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  CLI::App app;
  add_command(app, kept["command"].get<std::string>(), /*is_resumed=*/true);
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    throw Failure(recipe_path(folder).string() +
                  " holds flags that are not understood: " + error.what());
  }
}

// Refuses a folder that holds another run; a resumed run goes on under its own command line.
void check_folder(const TrainFlags& flags, const std::vector<std::string>& teachers,
                  const CLI::App& command, std::string& command_line) {
  const fs::path folder = flags.out;
  if (flags.resume && fs::exists(recipe_path(folder))) {
    const Json kept = read_recipe(folder);
    require_same_recipe(kept, recipe_of(command), flags.out);
    require_same_teachers(kept, flags.teachers, teachers, flags.out);
    command_line = kept["command"].get<std::string>();
    return;
  }
  require_no_run(flags.out);
}

Sources tests_of(const TrainFlags& flags) {
  Sources tests = flags.test_sources;
  const MnistPart part = flags.sources.mnist_part.value_or(MnistPart::kTrain);
  if (tests.empty() && part == MnistPart::kTrain) tests.mnist = flags.sources.mnist;
  return tests;
}

// Of models that a training learns from; a run also tells which of its own teachers did not say.
Inheritance inheritance_of(const std::vector<std::string>& models) {
  Inheritance all = inherit(models);
  for (const std::string& model : models) {
    if (!fs::exists(fs::path(model) / "run.json")) continue;
    const std::vector<std::string> unknown = unknown_teachers(load_run(model));
    all.unknown.insert(all.unknown.end(), unknown.begin(), unknown.end());
  }
  return all;
}

// recipe.json is text: --resume would look for a file of another name.
void warn_of_names(const std::vector<std::string>& arguments) {
  try {
    static_cast<void>(Json(arguments).dump());
  } catch (const Json::exception&) {
    std::fprintf(stderr,
                 "note: a name on the command line is no UTF-8, so this run could not be resumed; "
                 "rename the file\n");
  }
}

void train_seeds(TrainFlags flags, const CLI::App& command, std::string command_line,
                 ProcessGroup* group) {
  const bool leads = group == nullptr || group->rank() == 0;
  // Read before the training: what is wrong with a test set is said now rather than after it.
  const Sources tests = tests_of(flags);
  Common common{{}, {}, choose_device(flags.device), nullptr, {}};
  if (!tests.empty()) common.tests = load_evaluation_data(tests);
  // The teachers of all seeds are those whose checksums are kept, whatever happens to their files.
  const std::vector<std::string> teachers = teacher_checksums(flags.teachers);
  if (group != nullptr && common.device.is_cuda()) common.device = own_gpu(*group);
  common.teacher = load_teacher(flags.teachers, common.device);
  if (leads) check_folder(flags, teachers, command, command_line);
  if (leads) warn_of_names(arguments_of(command));
  common.recipe = {{"command", command_line},
                   {"arguments", arguments_of(command)},
                   {"recipe", recipe_of(command)},
                   {"teachers", teachers}};
  flags.options.recipe = to_line({computation_of(command), teachers});
  std::vector<std::string> others = flags.teachers;
  if (!flags.start_from.empty()) others.push_back(flags.start_from);
  common.before = inheritance_of(others);
  std::optional<FolderLock> lock;
  std::vector<Run> runs;
  for (const std::int64_t seed : flags.seeds) {
    fs::path folder = flags.out;
    if (flags.seeds.size() > 1) folder /= kSeedFolder + std::to_string(seed);
    runs.push_back(train_seed(flags, common, seed, folder, group, lock));
  }
  if (runs.size() > 1 && leads) summarise(runs, flags.out);
}

// What each flag alone cannot tell.
void require_sound(const TrainFlags& flags) {
  const std::set<std::int64_t> seeds(flags.seeds.begin(), flags.seeds.end());
  if (seeds.size() < flags.seeds.size()) throw Failure("--seed names a seed twice");
  const OptimizerOptions& optimizer = flags.options.optimizer;
  if (optimizer.nesterov && optimizer.momentum == 0) {
    throw Failure("--nesterov needs a --momentum above 0");
  }
}

void run_train(TrainFlags flags, const CLI::App& command, std::string command_line,
               bool is_resumed) {
  if (flags.list_presets) {
    for (const std::string& name : preset_names()) print_preset(name, flags.variation);
    return;
  }
  flags.options.optimizer.kind = optimizer_kind(flags.optimizer);
  flags.options.schedule.kind = schedule_kind(flags.schedule);
  flags.options.precision = precision_of(flags.precision);
  if (flags.benchmark) {
    if (flags.threads > 0) at::set_num_threads(flags.threads);
    return run_benchmark(flags);
  }
  if (flags.resume && !flags.resume->empty()) {
    if (!flags.out.empty() && fs::path(flags.out) != fs::path(*flags.resume) && !is_resumed) {
      throw Failure("--resume " + *flags.resume + " goes on in that folder; leave out --out " +
                    flags.out);
    }
    flags.out = *flags.resume;
  }
  if (flags.out.empty()) throw Failure("where should the run go? Name a folder with --out DIR");
  if (flags.resume && !is_resumed &&
      (flags.sources.empty() || fs::exists(recipe_path(flags.out)))) {
    return resume_as_begun(flags.out, command);
  }
  require_sound(flags);
  if (flags.threads > 0) at::set_num_threads(flags.threads);
  const auto group =
      join_processes(choose_device(flags.device).is_cuda(), flags.peer_timeout, flags.threads);
  if (group == nullptr) return train_seeds(flags, command, std::move(command_line), nullptr);
  try {
    train_seeds(flags, command, std::move(command_line), group.get());
  } catch (const std::exception&) {
    fail_together(*group);
  }
}

void add_command(CLI::App& app, const std::string& command_line, bool is_resumed) {
  auto flags = std::make_shared<TrainFlags>();
  CLI::App* command = app.add_subcommand("train", "Train a network and keep it as a run");
  add_train_flags(*command, *flags);
  command->callback([flags, command, command_line, is_resumed] {
    run_train(*flags, *command, command_line, is_resumed);
  });
}

}  // namespace

void add_train(CLI::App& app, const std::string& command_line) {
  add_command(app, command_line, /*is_resumed=*/false);
}

}  // namespace inkling
