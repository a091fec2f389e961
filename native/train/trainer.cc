// The loop itself. Tensor shapes: pixels float32 [B,1,28,28], logits [B,10].
#include "train/trainer.h"

#include <ATen/Context.h>
#include <c10/util/Exception.h>
#include <c10/util/hash.h>
#include <torch/utils.h>

#include <chrono>
#include <cmath>

#include "data/file.h"
#include "data/random.h"
#include "report/answers.h"
#include "train/checkpoint.h"
#include "train/ema.h"
#include "train/progress.h"
#include "train/step.h"
#include "train/together.h"

namespace inkling {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kProbeImages = 512;  // at most; kept with the run, to check an export on
constexpr std::int64_t kReportsPerEpoch = 20;

// Of the global generator, from which dropout alone draws.
std::uint64_t step_seed(std::int64_t seed, std::int64_t epoch, std::int64_t step) {
  return keyed_engine(seed, Stream::kDropout, epoch, step)();
}

// Of all labels in their order: the images', the drawings', the held-out part's.
std::string digest_of_labels(const TrainingData& data) {
  std::string labels;
  const auto add = [&labels](const torch::Tensor& some) {
    if (!some.defined()) return;
    const torch::Tensor bytes = some.to(torch::kUInt8).contiguous();
    labels.append(static_cast<const char*>(bytes.data_ptr()), bytes.nbytes());
  };
  add(data.images.labels);
  for (const Drawing& drawing : data.drawings) labels += static_cast<char>(drawing.label);
  add(data.all_validation().labels);
  return c10::sha1(labels).str();
}

class Loop {
 public:
  Loop(Network& network, const TrainingData& data, const TrainOptions& options,
       const fs::path& folder, Run& run, ProcessGroup* group)
      : network_(network),
        data_(data),
        options_(options),
        folder_(folder),
        run_(run),
        device_(network->parameters().front().device()),
        validation_(data.all_validation()),
        labels_(digest_of_labels(data)),
        together_(group),
        batches_(data, options.batches, device_, together_.rank(), together_.size()),
        average_(network, options.average_decay),
        optimizer_(network, options.optimizer),
        steps_per_epoch_(batches_.steps_per_epoch()),
        schedule_(options.schedule, options.epochs, steps_per_epoch_),
        sums_(device_),
        step_(network_, batches_, optimizer_, average_, sums_, options.label_smoothing,
              options.batches.batch),
        checkpoints_(folder) {
    step_.set_bfloat16(is_bfloat16(options.precision, device_));
    step_.set_teacher(options.teacher, options.teacher_share);
    if (together_.size() == 1) return;
    step_.set_exchange([this](torch::Tensor& loss, torch::Tensor& correct) {
      together_.sum_step(optimizer_.gradients(), loss, correct);
    });
  }

  // Afterwards best.safetensors and run.json are those of the best epoch. They are so after each
  // epoch too: a run that is broken off can be exported and evaluated.
  void run() {
    if (options_.sync_batch_norm) together_.synchronise_batch_norm(network_);
    if (options_.resume) restore();
    share_state();
    run_.details["processes"] = together_.size();
    if (together_.leads()) {
      progress_.emplace(folder_, options_.epochs, steps_per_epoch_, epoch_ - 1, seconds_before_);
    }
    if (!restored_) save_checkpoint();
    while (epoch_ <= options_.epochs && !stopped_early()) {
      EpochMetrics metrics = train_epoch();
      validate(metrics);
      schedule_.end_epoch(metrics.validation.loss);
      metrics.best = is_better(metrics.validation);
      epochs_since_best_ = metrics.best ? 0 : epochs_since_best_ + 1;
      if (metrics.best) {
        best_ = metrics.validation;
        if (together_.leads()) keep_best();
      }
      if (together_.leads()) {
        keep_weights();
        progress_->epoch(metrics);
      }
      ++epoch_, first_step_ = 0, sums_.clear();
      save_checkpoint();
    }
    if (stopped_early() && epoch_ <= options_.epochs) {
      std::printf("stopped early: no better epoch in the last %lld\n",
                  static_cast<long long>(options_.stop_patience));
    }
    if (progress_) run_.details["seconds"] = progress_->seconds();
    run_.details["epochs_trained"] = epoch_ - 1;
  }

 private:
  bool stopped_early() const {
    return options_.stop_patience > 0 && epochs_since_best_ >= options_.stop_patience;
  }

  EpochMetrics train_epoch() {
    network_->train();
    batches_.begin(epoch_, first_step_);
    sums_.step.fill_(first_step_);
    EpochMetrics metrics;
    metrics.epoch = epoch_;
    const auto start = Clock::now();
    const std::int64_t begun = first_step_;
    const std::int64_t report_every =
        std::max<std::int64_t>(1, steps_per_epoch_ / kReportsPerEpoch);
    for (std::int64_t step = first_step_; step < steps_per_epoch_; ++step) {
      step_(schedule_.rate((epoch_ - 1) * steps_per_epoch_ + step),
            step_seed(options_.batches.seed, epoch_, step) +
                static_cast<std::uint64_t>(together_.rank()));
      const bool last = step + 1 == steps_per_epoch_;
      const bool due = minutes_since_checkpoint() >= options_.checkpoint_minutes;
      if ((step + 1) % report_every != 0 && !last && !due && !device_.is_cpu()) continue;
      stop_if_diverged();
      if ((step + 1) % report_every == 0 || last)
        report(step + 1, step + 1 - begun, start, metrics);
      if (due && !last) first_step_ = step + 1, save_checkpoint();
    }
    metrics.learning_rate = schedule_.rate(epoch_ * steps_per_epoch_ - 1);
    return metrics;
  }

  // `steps` of the epoch are done, `here` of them since `start`.
  void report(std::int64_t steps, std::int64_t here, Clock::time_point start,
              EpochMetrics& metrics) {
    const double images = static_cast<double>(steps * options_.batches.batch);
    const std::chrono::duration<double> elapsed = Clock::now() - start;
    metrics.train_loss = sums_.loss.item<double>() / static_cast<double>(steps);
    metrics.train_accuracy = sums_.correct.item<double>() / images;
    metrics.images_per_second =
        static_cast<double>(here * options_.batches.batch) / elapsed.count();
    if (!progress_) return;
    progress_->step(epoch_, steps, metrics.train_loss, metrics.train_accuracy,
                    metrics.images_per_second);
  }

  void stop_if_diverged() const {
    const auto step = sums_.bad_step.item<std::int64_t>();
    if (step != EpochSums::kNever) stop_diverged("the loss is not a number any more", step);
  }

  [[noreturn]] void stop_diverged(const std::string& what, std::int64_t step) const {
    throw Failure(
        what + " (epoch " + std::to_string(epoch_) + ", step " + std::to_string(step + 1) +
        "); lower --learning-rate." +
        (best_.count == 0
             ? " No epoch was finished before."
             : " The best weights and the last good checkpoint are kept in " + folder_.string()));
  }

  void validate(EpochMetrics& metrics) {
    std::vector<torch::Tensor> logits;
    for (const NamedDataset& set : data_.validation) {
      logits.push_back(together_.predict(average_.network(), set.data.images));
      metrics.validation_sets.emplace_back(
          set.name, score(logits.back().softmax(1), set.data.labels).accuracy());
    }
    validation_logits_ = torch::cat(logits);
    metrics.validation = score(validation_logits_.softmax(1), validation_.labels);
    if (!std::isfinite(metrics.validation.loss)) {
      stop_diverged("the validation loss is not a number", steps_per_epoch_ - 1);
    }
  }

  // Temperature and threshold come from the held-out part alone.
  void keep_best() {
    run_.temperature = fit_temperature(validation_logits_, validation_.labels);
    const torch::Tensor probabilities = (validation_logits_ / run_.temperature).softmax(1);
    run_.rejection_threshold = confidence_quantile(probabilities, options_.refuse_share);
    const Score s = score(probabilities, validation_.labels, run_.rejection_threshold);
    run_.details["best_epoch"] = epoch_;
    run_.details["validation"] = {{"images", s.count},
                                  {"accuracy", s.accuracy()},
                                  {"loss", s.loss},
                                  {"refused", s.refused_share()},
                                  {"accuracy_refused_wrong", s.answered_accuracy()}};
    save_answers(folder_, "validation", data_.validation, probabilities);
    save_best(average_.network(), run_, folder_);
    save_run(run_, folder_);
  }

  void keep_weights() {
    save_weights(average_.network(), checkpoint_path(folder_, "last"));
    if (options_.keep_every == 0 || epoch_ % options_.keep_every != 0) return;
    char name[32];
    std::snprintf(name, sizeof name, "epoch-%04lld", static_cast<long long>(epoch_));
    save_weights(average_.network(), checkpoint_path(folder_, name));
  }

  bool is_better(const Score& s) const {
    if (best_.count == 0) return true;
    return s.correct != best_.correct ? s.correct > best_.correct : s.loss < best_.loss;
  }

  // --- resuming
  // -----------------------------------------------------------------------------------

  double minutes_since_checkpoint() const {
    return std::chrono::duration<double, std::ratio<60>>(Clock::now() - last_checkpoint_).count();
  }

  // Every tensor that decides how the training goes on; copying into them restores it.
  std::map<std::string, torch::Tensor> tensors() {
    std::map<std::string, torch::Tensor> all;
    const auto add = [&](const std::string& prefix, const auto& items) {
      for (const auto& item : items) all[prefix + item.key()] = item.value();
    };
    add("network/", network_->named_parameters()), add("network/", network_->named_buffers());
    add("average/", average_.network()->named_parameters());
    add("average/", average_.network()->named_buffers());
    for (const auto& [name, tensor] : optimizer_.state()) all["optimizer/" + name] = tensor;
    all["sums/loss"] = sums_.loss, all["sums/correct"] = sums_.correct;
    return all;
  }

  // epoch_ and first_step_ are the next step to do.
  void save_checkpoint() {
    for (const auto& [name, tensor] : tensors()) {
      if (tensor.is_floating_point() && !tensor.isfinite().all().item<bool>()) {
        stop_diverged(name + " holds what is no number", first_step_);
      }
    }
    if (together_.leads()) write_checkpoint();
    last_checkpoint_ = Clock::now();
  }

  void write_checkpoint() {
    checkpoints_.save(
        {tensors(),
         {{"labels", labels_},
          {"epoch", epoch_},
          {"step", first_step_},
          {"seconds", progress_->seconds()},
          {"schedule", schedule_.state()},
          {"average_updates", average_.updates()},
          {"epochs_since_best", epochs_since_best_},
          {"best", {{"count", best_.count}, {"correct", best_.correct}, {"loss", best_.loss}}},
          {"temperature", run_.temperature},
          {"rejection_threshold", run_.rejection_threshold},
          {"details", run_.details}}});
  }

  // All processes begin alike, whatever made their weights.
  void share_state() {
    std::vector<torch::Tensor> all;
    for (const auto& [name, tensor] : tensors()) all.push_back(tensor);
    together_.share(std::move(all));
  }

  // Rank 0 alone has the folder; share_state() follows.
  void restore() {
    std::optional<Checkpoint> checkpoint;
    if (together_.leads()) checkpoint = checkpoints_.newest();
    if (checkpoint && checkpoint->position.value("labels", labels_) != labels_) {
      throw Failure("the labels are not those that the run in " + folder_.string() +
                    " began with, or stand in another order; put the files back, or begin another "
                    "run");
    }
    const std::string position = together_.text(checkpoint ? to_line(checkpoint->position) : "");
    if (position.empty()) return;
    if (checkpoint) restore_tensors(*checkpoint);
    restore_position(nlohmann::json::parse(position));
    restored_ = true;
    std::printf("resuming at epoch %lld, step %lld\n", static_cast<long long>(epoch_),
                static_cast<long long>(first_step_ + 1));
  }

  void restore_tensors(const Checkpoint& checkpoint) {
    torch::NoGradGuard no_grad;
    for (auto& [name, tensor] : tensors()) {
      const auto found = checkpoint.tensors.find(name);
      if (found == checkpoint.tensors.end() || found->second.sizes() != tensor.sizes()) {
        throw Failure("the checkpoint in " + folder_.string() + " has no tensor " + name +
                      " of this shape; it belongs to another network or optimizer");
      }
      tensor.copy_(found->second);
    }
  }

  void restore_position(const nlohmann::json& at) {
    epoch_ = at.at("epoch").get<std::int64_t>(), first_step_ = at.at("step").get<std::int64_t>();
    seconds_before_ = at.at("seconds").get<double>();
    schedule_.restore(at.at("schedule"));
    average_.set_updates(at.at("average_updates").get<std::int64_t>());
    epochs_since_best_ = at.at("epochs_since_best").get<std::int64_t>();
    best_.count = at.at("best").at("count").get<std::int64_t>();
    best_.correct = at.at("best").at("correct").get<std::int64_t>();
    best_.loss = at.at("best").at("loss").get<double>();
    run_.temperature = at.at("temperature").get<double>();
    run_.rejection_threshold = at.at("rejection_threshold").get<double>();
    run_.details = at.at("details");
  }

  Network& network_;
  const TrainingData& data_;
  const TrainOptions& options_;
  const fs::path& folder_;
  Run& run_;
  torch::Device device_;
  Dataset validation_;
  std::string labels_;
  torch::Tensor validation_logits_;  // of the last epoch, float32 [N,10]
  Together together_;
  Batches batches_;
  WeightAverage average_;
  Optimizer optimizer_;
  std::int64_t steps_per_epoch_;
  Schedule schedule_;
  EpochSums sums_;
  TrainingStep step_;
  CheckpointFiles checkpoints_;
  std::optional<Progress> progress_;
  Clock::time_point last_checkpoint_ = Clock::now();
  double seconds_before_ = 0;
  bool restored_ = false;
  std::int64_t epoch_ = 1, first_step_ = 0;  // where the training stands
  std::int64_t epochs_since_best_ = 0;
  Score best_;
};

// The largest batch, halved from `batch` down, whose step fits into the device's memory; 0: none.
std::int64_t fitting_batch(const NetworkSpec& spec, torch::Device device, std::int64_t batch) {
  for (batch /= 2; batch > 0; batch /= 2) {
    try {
      Network network(spec);
      network->to(device);
      Optimizer optimizer(network, {});
      network->forward(torch::zeros({batch, 1, kSide, kSide}, device)).sum().backward();
      optimizer.step();
      return batch;
    } catch (const c10::OutOfMemoryError&) {
      continue;
    }
  }
  return 0;
}

std::string advice_on_memory(const NetworkSpec& spec, torch::Device device, std::int64_t batch) {
  const std::int64_t fits = fitting_batch(spec, device, batch);
  return "the GPU's memory does not hold a step of " + std::to_string(batch) + " images; " +
         (fits > 0 ? "--batch " + std::to_string(fits) + " would fit"
                   : std::string("not even one image fits: use a smaller --width or --device cpu"));
}

std::size_t count_points(const std::vector<Drawing>& drawings) {
  std::size_t count = 0;
  for (const Drawing& drawing : drawings) {
    for (const Stroke& stroke : drawing.strokes) count += stroke.size();
  }
  return count;
}

// What must be the same for all processes of a training, in short.
std::string fingerprint(Network& network, const TrainingData& data, const TrainOptions& options) {
  const Dataset& images = data.images;
  const nlohmann::json parts = {
      network->spec(),
      {options.epochs, options.batches.batch, options.batches.seed, options.optimizer.kind},
      {images.size(), data.drawings.size(), data.all_validation().size()},
      {images.size() ? images.images.sum().item<std::int64_t>() : 0, count_points(data.drawings)},
      digest_of_labels(data),
      options.recipe};
  return parts.dump();
}

void save_probe(const TrainingData& data, const fs::path& folder) {
  // Every n-th held-out image, so that pictures and drawings are both among them.
  const Dataset validation = data.all_validation();
  const std::int64_t stride = (validation.size() + kProbeImages - 1) / kProbeImages;
  const torch::Tensor probe = validation.images.slice(0, 0, c10::nullopt, stride);
  save_tensors({{{"images", probe}}, {}}, checkpoint_path(folder, "probe"));
}

}  // namespace

Precision precision_of(const std::string& name) {
  if (name == "auto") return Precision::kAuto;
  if (name == "float32") return Precision::kFloat32;
  if (name == "bfloat16") return Precision::kBFloat16;
  throw Failure("there is no precision '" + name + "'; there are auto, float32 and bfloat16");
}

bool is_bfloat16(Precision precision, torch::Device device) {
  return precision == Precision::kAuto ? device.is_cuda() : precision == Precision::kBFloat16;
}

void train(Network& network, const TrainingData& data, const TrainOptions& options,
           const fs::path& folder, Run& run, ProcessGroup* group) {
  const Together together(group);
  together.require_same("the data or the recipe", fingerprint(network, data, options));
  const torch::Device device = network->parameters().front().device();
  const std::int64_t count = data.images.size() + static_cast<std::int64_t>(data.drawings.size());
  if (count < options.batches.batch) {
    throw Failure("a batch of " + std::to_string(options.batches.batch) +
                  " is larger than the training data (" + std::to_string(count) +
                  " images); lower --batch");
  }
  if (together.leads()) save_probe(data, folder);
  run.seed = options.batches.seed;
  run.details["epochs"] = options.epochs;
  run.details["parameters"] = network->parameter_count();
  run.details["training_images"] = data.images.size();
  run.details["training_drawings"] = data.drawings.size();

  try {
    use_channels_last(network);
    Loop(network, data, options, folder, run, group).run();
  } catch (const c10::OutOfMemoryError&) {
    throw Failure(advice_on_memory(network->spec(), device, options.batches.batch));
  }
  network->set_batch_norm(nullptr);
  if (!together.leads()) return;
  // With its weights' temperature, should a kill have come between them and the checkpoint.
  load_best(network, run, folder);
  save_run(run, folder);
  network->eval();
}

}  // namespace inkling
