// The exchanges of a step and of a validation.
#include "train/together.h"

#include "data/dataset.h"
#include "train/scoring.h"
#include "train/sync_batch_norm.h"

namespace inkling {

void Together::sum_step(std::vector<torch::Tensor> gradients, torch::Tensor& loss,
                        torch::Tensor& correct) const {
  if (group_ == nullptr) return;
  // A count is below 2^24, exact as float32.
  torch::Tensor count = correct.to(loss.scalar_type());
  gradients.push_back(loss), gradients.push_back(count);
  group_->sum(gradients);
  correct = count.to(correct.scalar_type());
}

torch::Tensor Together::predict(Network& network, const torch::Tensor& images) const {
  if (group_ == nullptr) return predict_logits(network, images);
  share(network->buffers());  // running statistics may be each process's own
  const std::int64_t first = images.size(0) * rank() / size();
  const std::int64_t end = images.size(0) * (rank() + 1) / size();
  std::vector<torch::Tensor> logits{torch::zeros({images.size(0), kClasses})};
  if (first < end) {
    logits[0].slice(0, first, end).copy_(predict_logits(network, images.slice(0, first, end)));
  }
  group_->sum(logits);
  return logits[0];
}

void Together::synchronise_batch_norm(Network& network) const {
  if (group_ == nullptr) return;
  network->set_batch_norm(
      [group = group_](torch::nn::BatchNorm2dImpl& norm, const torch::Tensor& x) {
        return sync_batch_norm(norm, x, *group);
      });
}

}  // namespace inkling
