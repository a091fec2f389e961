// What the training loop does with others, when several processes share a training; alone, each of
// these is what one process does.
#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "model/network.h"
#include "train/process_group.h"

namespace inkling {

class Together {
 public:
  explicit Together(ProcessGroup* group) : group_(group) {}  // null: alone

  // Rank 0 alone writes files and speaks.
  bool leads() const { return rank() == 0; }
  std::int64_t rank() const { return group_ ? group_->rank() : 0; }
  std::int64_t size() const { return group_ ? group_->size() : 1; }

  void require_same(const std::string& what, const std::string& value) const {
    if (group_ != nullptr) group_->require_same(what, value);
  }
  // Rank 0's, everywhere.
  std::string text(const std::string& of_rank_0) const {
    return group_ ? group_->broadcast_text(of_rank_0) : of_rank_0;
  }
  void share(std::vector<torch::Tensor> of_rank_0) const {
    if (group_ != nullptr) group_->broadcast(of_rank_0);
  }

  // Sums the gradients in place and, in the same exchange, this step's loss (float32 []) and its
  // count of right answers (int64 []), each of which was this process's part.
  void sum_step(std::vector<torch::Tensor> gradients, torch::Tensor& loss,
                torch::Tensor& correct) const;

  // predict_logits (train/scoring.h) of rank 0's buffers, each process doing its part of the rows;
  // all of them, float32 [N,10], everywhere.
  torch::Tensor predict(Network& network, const torch::Tensor& images) const;

  // Batch norm in training over the rows of all processes.
  void synchronise_batch_norm(Network& network) const;

 private:
  ProcessGroup* group_;
};

}  // namespace inkling
