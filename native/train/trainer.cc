// The loop itself. Tensor shapes: images uint8 [N,28,28], pixels float32 [B,1,28,28], logits
// [B,10].
#include "train/trainer.h"

#include <ATen/Context.h>
#include <torch/nn/functional/loss.h>
#include <torch/optim/adamw.h>
#include <torch/utils.h>

#include <cmath>
#include <random>

#include "data/file.h"
#include "train/ema.h"
#include "train/progress.h"
#include "train/safetensors.h"
#include "train/schedule.h"

namespace inkling {
namespace {

constexpr std::int64_t kProbeImages = 512;  // at most; kept with the run, to check an export on

// The whole training set as bytes on the device: images first, then one row a drawing, redrawn with
// a new pen each epoch.
class TrainingPool {
 public:
  TrainingPool(const TrainingData& data, const TrainOptions& options, torch::Device device)
      : drawings_(data.drawings), options_(options), device_(device) {
    Dataset drawn;
    if (!drawings_.empty()) drawn = render(drawings_, [&](std::size_t) { return kPenWidth; });
    drawn_ = drawn.images;
    first_drawn_ = data.images.size();
    const Dataset all = concatenate(data.images, drawn);
    images_ = all.images.to(device), labels_ = all.labels.to(device);
  }

  std::int64_t size() const { return labels_.size(0); }

  void redraw(std::int64_t epoch) {
    if (drawings_.empty()) return;
    render_into(drawn_, drawings_, [&](std::size_t i) {
      std::seed_seq key{options_.seed, epoch, static_cast<std::int64_t>(i)};
      std::mt19937 random(key);
      return static_cast<float>(options_.pen_low +
                                (options_.pen_high - options_.pen_low) *
                                    (static_cast<double>(random()) / 4294967296.0));
    });
    images_.slice(0, first_drawn_).copy_(drawn_);
  }

  // A new order of all rows, int64 [N] on the device.
  torch::Tensor shuffled() const {
    return torch::randperm(size(), torch::TensorOptions(device_).dtype(torch::kInt64));
  }
  Dataset batch(const torch::Tensor& rows) const {
    return {images_.index_select(0, rows), labels_.index_select(0, rows)};
  }

 private:
  const std::vector<Drawing>& drawings_;
  const TrainOptions& options_;
  torch::Device device_;
  torch::Tensor images_, labels_, drawn_;  // drawn_ stays on the CPU
  std::int64_t first_drawn_ = 0;
};

class Loop {
 public:
  Loop(Network& network, const TrainingData& data, const TrainOptions& options,
       const std::filesystem::path& folder, Run& run)
      : network_(network),
        data_(data),
        options_(options),
        folder_(folder),
        run_(run),
        validation_(data.all_validation()),
        pool_(data, options, network->parameters().front().device()),
        average_(network, options.average_decay),
        optimizer_(parameter_groups(), torch::optim::AdamWOptions(options.learning_rate)),
        steps_per_epoch_(pool_.size() / options.batch),
        progress_(folder, options.epochs, steps_per_epoch_) {}

  // Afterwards best.safetensors and run.json are those of the best epoch. They are so after each
  // epoch too: a run that is broken off can be exported and evaluated.
  void run() {
    for (std::int64_t epoch = 1; epoch <= options_.epochs; ++epoch) {
      EpochMetrics metrics = train_epoch(epoch);
      validate(metrics);
      if (!std::isfinite(metrics.validation.loss)) stop_diverged(epoch, steps_per_epoch_ - 1);
      metrics.best = is_better(metrics.validation);
      if (metrics.best) {
        best_ = metrics.validation;
        keep_best(epoch);
      }
      save_weights(average_.network(), checkpoint_path(folder_, "last"));
      progress_.epoch(metrics);
    }
  }

 private:
  // Biases and batch norm's scales are not decayed.
  std::vector<torch::optim::OptimizerParamGroup> parameter_groups() {
    std::vector<torch::Tensor> decayed, kept;
    for (const torch::Tensor& p : network_->parameters())
      (p.dim() > 1 ? decayed : kept).push_back(p);
    const auto group = [&](std::vector<torch::Tensor> parameters, double decay) {
      return torch::optim::OptimizerParamGroup(
          std::move(parameters),
          std::make_unique<torch::optim::AdamWOptions>(
              torch::optim::AdamWOptions(options_.learning_rate).weight_decay(decay)));
    };
    return {group(std::move(decayed), options_.weight_decay), group(std::move(kept), 0.0)};
  }

  double set_learning_rate(std::int64_t step) {
    const auto warmup =
        static_cast<std::int64_t>(options_.warmup_epochs * static_cast<double>(steps_per_epoch_));
    const double rate =
        warmup_cosine(step, warmup, options_.epochs * steps_per_epoch_, options_.learning_rate);
    for (auto& group : optimizer_.param_groups()) {
      static_cast<torch::optim::AdamWOptions&>(group.options()).lr(rate);
    }
    return rate;
  }

  // One step; adds this batch's loss and count of right answers to the sums on the device.
  void train_step(const torch::Tensor& rows, torch::Tensor& loss_sum, torch::Tensor& correct_sum) {
    const Dataset batch = pool_.batch(rows);
    torch::Tensor pixels = to_pixels(batch.images);
    if (options_.affine.enabled()) pixels = augment(pixels, options_.affine);
    const torch::Tensor logits = network_->forward(pixels);
    const torch::Tensor loss = torch::nn::functional::cross_entropy(
        logits, batch.labels,
        torch::nn::functional::CrossEntropyFuncOptions().label_smoothing(options_.label_smoothing));
    optimizer_.zero_grad();
    loss.backward();
    optimizer_.step();
    average_.update(network_);
    torch::NoGradGuard no_grad;
    loss_sum += loss.detach();
    correct_sum += (logits.argmax(1) == batch.labels).sum();
  }

  EpochMetrics train_epoch(std::int64_t epoch) {
    network_->train();
    pool_.redraw(epoch);
    const torch::Tensor order = pool_.shuffled();
    const auto on_device = torch::TensorOptions(order.device());
    torch::Tensor loss_sum = torch::zeros({}, on_device.dtype(torch::kFloat32));
    torch::Tensor correct_sum = torch::zeros({}, on_device.dtype(torch::kInt64));
    EpochMetrics metrics;
    metrics.epoch = epoch;
    const auto start = std::chrono::steady_clock::now();
    // The sums are read now and then only: each reading waits for the device.
    const std::int64_t report_every = std::max<std::int64_t>(1, steps_per_epoch_ / 20);
    for (std::int64_t step = 0; step < steps_per_epoch_; ++step) {
      metrics.learning_rate = set_learning_rate((epoch - 1) * steps_per_epoch_ + step);
      train_step(order.slice(0, step * options_.batch, (step + 1) * options_.batch), loss_sum,
                 correct_sum);
      if ((step + 1) % report_every != 0 && step + 1 != steps_per_epoch_) continue;
      const double done = static_cast<double>(step + 1);
      metrics.train_loss = loss_sum.item<double>() / done;
      metrics.train_accuracy =
          correct_sum.item<double>() / (done * static_cast<double>(options_.batch));
      const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
      metrics.images_per_second = done * static_cast<double>(options_.batch) / elapsed.count();
      if (!std::isfinite(metrics.train_loss)) stop_diverged(epoch, step);
      progress_.step(epoch, step + 1, metrics.train_loss, metrics.train_accuracy,
                     metrics.images_per_second);
    }
    return metrics;
  }

  [[noreturn]] void stop_diverged(std::int64_t epoch, std::int64_t step) const {
    throw Failure("the loss is not a number any more (epoch " + std::to_string(epoch) + ", step " +
                  std::to_string(step + 1) + "); lower --learning-rate." +
                  (best_.count == 0 ? " No epoch was finished before."
                                    : " The best weights so far are kept in " + folder_.string()));
  }

  void validate(EpochMetrics& metrics) {
    std::vector<torch::Tensor> probabilities;
    for (const NamedDataset& set : data_.validation) {
      probabilities.push_back(predict_logits(average_.network(), set.data.images).softmax(1));
      metrics.validation_sets.emplace_back(set.name,
                                           score(probabilities.back(), set.data.labels).accuracy());
    }
    metrics.validation = score(torch::cat(probabilities), validation_.labels);
  }

  // Temperature and threshold come from the held-out part alone.
  void keep_best(std::int64_t epoch) {
    const torch::Tensor logits = predict_logits(average_.network(), validation_.images);
    run_.temperature = fit_temperature(logits, validation_.labels);
    const torch::Tensor probabilities = (logits / run_.temperature).softmax(1);
    run_.rejection_threshold = confidence_quantile(probabilities, options_.refuse_share);
    const Score s = score(probabilities, validation_.labels, run_.rejection_threshold);
    run_.details["best_epoch"] = epoch;
    run_.details["validation"] = {{"images", s.count},
                                  {"accuracy", s.accuracy()},
                                  {"loss", s.loss},
                                  {"refused", s.refused_share()},
                                  {"accuracy_refused_wrong", s.answered_accuracy()}};
    save_weights(average_.network(), checkpoint_path(folder_, "best"));
    save_run(run_, folder_);
  }

  bool is_better(const Score& s) const {
    if (best_.count == 0) return true;
    return s.correct != best_.correct ? s.correct > best_.correct : s.loss < best_.loss;
  }

  Network& network_;
  const TrainingData& data_;
  const TrainOptions& options_;
  const std::filesystem::path& folder_;
  Run& run_;
  Dataset validation_;
  TrainingPool pool_;
  WeightAverage average_;
  torch::optim::AdamW optimizer_;
  std::int64_t steps_per_epoch_;
  Progress progress_;
  Score best_;
};

}  // namespace

void train(Network& network, const TrainingData& data, const TrainOptions& options,
           const std::filesystem::path& folder, Run& run) {
  const std::int64_t count = data.images.size() + static_cast<std::int64_t>(data.drawings.size());
  if (count < options.batch) {
    throw Failure("a batch of " + std::to_string(options.batch) +
                  " is larger than the training data (" + std::to_string(count) +
                  " images); lower --batch");
  }
  // Every n-th held-out image, so that pictures and drawings are both among them.
  const Dataset validation = data.all_validation();
  const std::int64_t stride = (validation.size() + kProbeImages - 1) / kProbeImages;
  const torch::Tensor probe = validation.images.slice(0, 0, c10::nullopt, stride);
  save_tensors({{{"images", probe}}, {}}, checkpoint_path(folder, "probe"));
  run.seed = options.seed;
  run.details["epochs"] = options.epochs;
  run.details["parameters"] = network->parameter_count();
  run.details["training_images"] = data.images.size();
  run.details["training_drawings"] = data.drawings.size();

  const auto start = std::chrono::steady_clock::now();
  Loop(network, data, options, folder, run).run();
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  run.details["seconds"] = elapsed.count();
  save_run(run, folder);
  load_weights(network, checkpoint_path(folder, "best"));
  network->eval();
}

}  // namespace inkling
