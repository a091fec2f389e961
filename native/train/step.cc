// What a step does, in order. What changes from step to step is set in tensors first; the rest is
// the same operations on the same tensors, as a CUDA graph needs them.
#include "train/step.h"

#include <torch/autograd.h>
#include <torch/nn/functional/loss.h>
#include <torch/utils.h>

namespace inkling {

EpochSums::EpochSums(torch::Device device) {
  const auto on_device = torch::TensorOptions(device);
  loss = torch::zeros({}, on_device.dtype(torch::kFloat32));
  correct = torch::zeros({}, on_device.dtype(torch::kInt64));
  bad_step = torch::full({}, kNever, on_device.dtype(torch::kInt64));
  step = torch::zeros({}, on_device.dtype(torch::kInt64));
}

namespace {

// bool [B]. For what is no digit the right answer is to prefer none.
torch::Tensor right_answers(const torch::Tensor& logits, const torch::Tensor& labels) {
  constexpr double kPreferred = 0.5;
  return torch::where(labels < 0, logits.softmax(1).amax(1) < kPreferred,
                      logits.argmax(1) == labels);
}

}  // namespace

void EpochSums::clear() { loss.zero_(), correct.zero_(), bad_step.fill_(kNever), step.zero_(); }

TrainingStep::TrainingStep(Network& network, Batches& batches, Optimizer& optimizer,
                           WeightAverage& average, EpochSums& sums, double label_smoothing,
                           std::int64_t batch)
    : network_(network),
      batches_(batches),
      optimizer_(optimizer),
      average_(average),
      sums_(sums),
      label_smoothing_(label_smoothing),
      batch_(batch),
      device_(network->parameters().front().device()),
      bfloat16_(device_.is_cuda()),
      repeated_([this] { on_device(); }, device_.is_cuda()) {}

void TrainingStep::set_exchange(Exchange exchange) {
  exchange_ = std::move(exchange);
  repeated_ = RepeatedStep([this] { on_device(); }, /*capture=*/false);
}

void TrainingStep::set_bfloat16(bool on) { bfloat16_ = on; }

void TrainingStep::set_teacher(std::shared_ptr<const Teacher> teacher, double share) {
  teacher_ = std::move(teacher), teacher_share_ = share;
}

// Divided by the size of the whole batch.
torch::Tensor TrainingStep::loss_of(const torch::Tensor& logits, const Batch& batch) const {
  namespace F = torch::nn::functional;
  const auto sum = F::CrossEntropyFuncOptions().reduction(torch::kSum);
  const torch::Tensor to_labels =
      F::cross_entropy(logits, batch.targets.defined() ? batch.targets : batch.labels,
                       F::CrossEntropyFuncOptions(sum).label_smoothing(label_smoothing_));
  if (teacher_ == nullptr) return to_labels / static_cast<double>(batch_);
  const torch::Tensor answers = [&] {
    const Autocast autocast(device_, bfloat16_);
    return (*teacher_)(batch.pixels);
  }();
  const torch::Tensor to_teacher = F::cross_entropy(logits, answers, sum);
  return ((1 - teacher_share_) * to_labels + teacher_share_ * to_teacher) /
         static_cast<double>(batch_);
}

void TrainingStep::operator()(double learning_rate, std::uint64_t seed) {
  torch::manual_seed(seed);
  optimizer_.set_learning_rate(learning_rate);
  average_.count_update();
  repeated_();
}

void TrainingStep::on_device() {
  const Batch batch = batches_.next();
  const torch::Tensor logits = [&] {
    const Autocast autocast(device_, bfloat16_);
    return network_->forward(batch.pixels);
  }();
  torch::Tensor loss = loss_of(logits.to(torch::kFloat32), batch);
  optimizer_.zero_grad();
  loss.backward();
  torch::NoGradGuard no_grad;
  loss = loss.detach();
  torch::Tensor correct = right_answers(logits, batch.labels).sum();
  if (exchange_) exchange_(loss, correct);
  optimizer_.step();
  average_.apply_update();
  sums_.loss += loss;
  sums_.correct += correct;
  sums_.bad_step.copy_(
      torch::where(loss.isfinite(), sums_.bad_step, torch::minimum(sums_.bad_step, sums_.step)));
  sums_.step += 1;
}

}  // namespace inkling
