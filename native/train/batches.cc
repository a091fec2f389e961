// Two ways to the same batches: on a CPU an image at a time on a thread beside the step; on a GPU
// by operators over tables that are uploaded once an epoch.
#include "train/batches.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <c10/core/thread_pool.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <future>
#include <stdexcept>
#include <utility>
#include <vector>

#include "data/file.h"
#include "data/not_digits.h"
#include "data/random.h"

namespace inkling {
namespace {

constexpr std::int64_t kPixels = kSide * kSide;

// For each place of the epoch's order its own image's share, float32 [n]; the other's is the rest.
// Its own is the larger, so that its label stays the digit that is seen best.
torch::Tensor mixup_shares(const BatchOptions& options, std::int64_t epoch, std::int64_t n) {
  at::Philox4_32 key = keyed_engine(options.seed, Stream::kMixup, epoch, 0);
  const std::uint64_t high = key(), low = key();
  const at::Generator generator = at::detail::createCPUGenerator(high << 32 | low);
  // Dirichlet(a,a): a number from Beta(a,a), and what is left to 1.
  const torch::Tensor both =
      at::_sample_dirichlet(torch::full({n, 2}, options.mixup, torch::kFloat64), generator);
  return both.amax(1).to(torch::kFloat32).contiguous();
}

}  // namespace

// The rows to learn from: ready images first, then drawings, then what is no digit, both drawn
// again each epoch.
class Batches::Pool {
 public:
  Pool(const TrainingData& data, const BatchOptions& chosen, std::int64_t rank,
       std::int64_t processes)
      : options(chosen),
        image_count(data.images.size()),
        first(chosen.batch * rank / processes),
        count(chosen.batch * (rank + 1) / processes - first) {
    std::vector<std::int64_t> drawn_labels;
    for (const Drawing& drawing : data.drawings) {
      if (drawing.label < 0) continue;
      drawings.push_back(&drawing), drawn_labels.push_back(drawing.label);
    }
    images = image_count > 0 ? data.images.images.contiguous() : torch::Tensor();
    labels = torch::tensor(drawn_labels, torch::kInt64);
    if (image_count > 0) labels = torch::cat({data.images.labels, labels});
    not_digit_start = labels.size(0);
    const auto digits = static_cast<double>(not_digit_start);
    const auto others = static_cast<std::int64_t>(std::llround(chosen.not_digits * digits));
    if (others > 0) labels = torch::cat({labels, torch::full({others}, -1, torch::kInt64)});
    if (size() < chosen.batch) {
      throw Failure("a batch of " + std::to_string(chosen.batch) +
                    " is larger than the training data (" + std::to_string(size()) +
                    " images); lower --batch");
    }
    if (chosen.batch < processes) {
      throw Failure("a batch of " + std::to_string(chosen.batch) + " is too small to share among " +
                    std::to_string(processes) + " processes; raise --batch");
    }
  }

  std::int64_t size() const { return labels.size(0); }
  std::int64_t steps() const { return size() / options.batch; }

  // Whether the labels do not say all: targets are wanted.
  bool has_targets() const { return options.mixup > 0 || not_digit_start < size(); }
  // Whether the row is shown as it is in this epoch, without augmentation.
  bool is_plain(std::int64_t row, std::int64_t epoch) const {
    constexpr float kPlainShare = 0.5f;
    if (!options.augment.enabled()) return true;
    return options.hand.variation > 0 &&
           uniform(options.seed, Stream::kAsItIs, epoch, row, 0) < kPlainShare;
  }

  // uint8 [28][28] of a row that is drawn, image_count <= row, by the epoch's hand.
  void draw(std::uint8_t* image, std::int64_t row, std::int64_t epoch) const {
    const std::int64_t index = row - image_count;
    Dice dice(keyed_engine(options.seed, Stream::kPen, epoch, index));
    if (row < not_digit_start) {
      draw_into(image, drawings[static_cast<std::size_t>(index)]->strokes, options.hand, dice);
      return;
    }
    static const std::size_t kKinds = not_digit_kinds(NotDigits::kLearned).size();
    const auto kind = static_cast<std::size_t>(row - not_digit_start) % kKinds;
    draw_into(image, not_a_digit(NotDigits::kLearned, kind, dice), options.hand, dice);
  }

  BatchOptions options;
  std::int64_t image_count;
  torch::Tensor images;                  // uint8 [image_count,28,28] on the CPU
  torch::Tensor labels;                  // int64 [size()] on the CPU
  std::vector<const Drawing*> drawings;  // row image_count + i is drawing i
  std::int64_t not_digit_start;          // rows from here on are no digits
  std::int64_t first, count;             // this process's places in a batch
};

class Batches::Preparer {
 public:
  virtual ~Preparer() = default;
  virtual void begin(std::int64_t epoch, std::int64_t first_step) = 0;
  virtual Batch next() = 0;
};

// Plain loops over images on one thread: LibTorch's operators would start a team of threads there,
// which would get in the way of the step's.
class Batches::HostPreparer : public Preparer {
 public:
  explicit HostPreparer(const Pool& pool) : pool_(pool), thread_(1) {}
  ~HostPreparer() override { wait(); }

  void begin(std::int64_t epoch, std::int64_t first_step) override {
    wait();
    epoch_ = epoch, step_ = first_step;
    order_ = keyed_permutation(pool_.options.seed, epoch, pool_.size());
    if (pool_.options.mixup > 0) shares_ = mixup_shares(pool_.options, epoch, pool_.size());
    start_next();
  }

  Batch next() override {
    if (!upcoming_.valid()) throw std::out_of_range("Batches::next() after the epoch's last step");
    Batch batch = upcoming_.get();
    start_next();
    return batch;
  }

 private:
  void wait() {
    if (upcoming_.valid()) upcoming_.wait();
    upcoming_ = {};
  }

  void start_next() {
    if (step_ >= pool_.steps()) return;
    auto task = std::make_shared<std::packaged_task<Batch()>>(
        [this, step = step_++] { return prepare(step); });
    upcoming_ = task->get_future();
    thread_.run([task] { (*task)(); });
  }

  Batch prepare(std::int64_t step) const {
    const std::int64_t count = pool_.count;
    Batch batch{torch::empty({count, 1, kSide, kSide}, torch::kFloat32),
                torch::empty({count}, torch::kInt64),
                {}};
    const bool mixed = pool_.options.mixup > 0, has_targets = pool_.has_targets();
    if (has_targets) batch.targets = torch::zeros({count, kClasses}, torch::kFloat32);
    auto* pixels = batch.pixels.data_ptr<float>();
    auto* labels = batch.labels.data_ptr<std::int64_t>();
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t place = pool_.first + i;
      const std::int64_t row = row_at(step, place);
      image(row, pixels + i * kPixels);
      labels[i] = label(row);
      float* targets = has_targets ? batch.targets.data_ptr<float>() + i * kClasses : nullptr;
      float share = 1;
      if (mixed) {
        const std::int64_t other = row_at(step, pool_.options.batch - 1 - place);
        share = shares_.const_data_ptr<float>()[step * pool_.options.batch + place];
        mix(share, other, pixels + i * kPixels);
        add_target(targets, label(other), 1 - share);
      }
      if (has_targets) add_target(targets, labels[i], share);
    }
    return batch;
  }

  std::int64_t row_at(std::int64_t step, std::int64_t place) const {
    return order_.const_data_ptr<std::int64_t>()[step * pool_.options.batch + place];
  }
  std::int64_t label(std::int64_t row) const {
    return pool_.labels.const_data_ptr<std::int64_t>()[row];
  }

  static void add_target(float* targets, std::int64_t label, float share) {
    if (label >= 0) {
      targets[label] += share;
    } else {
      std::for_each(targets, targets + kClasses, [&](float& t) { t += share / kClasses; });
    }
  }

  // The row's image as this epoch shows it, float [28][28].
  void image(std::int64_t row, float* out) const {
    std::array<std::uint8_t, kPixels> drawn;
    const std::uint8_t* bytes = drawn.data();
    if (row < pool_.image_count) {
      bytes = pool_.images.const_data_ptr<std::uint8_t>() + row * kPixels;
    } else {
      pool_.draw(drawn.data(), row, epoch_);
    }
    const AugmentOptions& augment = pool_.options.augment;
    const bool is_plain = pool_.is_plain(row, epoch_);
    std::array<float, kPixels> plain;
    float* pixels = is_plain ? out : plain.data();
    for (std::int64_t i = 0; i < kPixels; ++i) pixels[i] = static_cast<float>(bytes[i]) / 255.0f;
    if (is_plain) return;
    std::array<float, kAugmentColumns> random;
    keyed_uniform_into(random.data(), augment.columns(), pool_.options.seed, Stream::kAugment,
                       epoch_, row);
    augment_into(out, plain.data(), random.data(), augment);
  }

  void mix(float share, std::int64_t other, float* pixels) const {
    std::array<float, kPixels> partner;
    image(other, partner.data());
    for (std::size_t i = 0; i < kPixels; ++i) {
      pixels[i] = share * pixels[i] + (1 - share) * partner[i];
    }
  }

  const Pool& pool_;
  std::int64_t epoch_ = 0, step_ = 0;  // step_: the first that is not being prepared yet
  torch::Tensor order_;                // int64 [size]
  torch::Tensor shares_;               // float32 [size], with mixup
  std::future<Batch> upcoming_;
  c10::ThreadPool thread_;
};

// All tables keep their addresses and the step is counted on the device, so that a captured graph
// can be replayed.
class Batches::TensorPreparer : public Preparer {
 public:
  TensorPreparer(const Pool& pool, torch::Device device)
      : pool_(pool), mixed_(pool.options.mixup > 0) {
    const std::int64_t n = pool.size(), columns = pool.options.augment.columns();
    const auto on_device = torch::TensorOptions(device);
    images_ = torch::empty({n, kSide, kSide}, on_device.dtype(torch::kUInt8));
    if (pool.image_count > 0) images_.slice(0, 0, pool.image_count).copy_(pool.images);
    labels_ = pool.labels.to(device);
    order_ = torch::empty({n}, on_device.dtype(torch::kInt64));
    random_ = torch::empty({n, columns}, on_device.dtype(torch::kFloat32));
    if (mixed_) shares_ = torch::empty({n}, on_device.dtype(torch::kFloat32));
    start_ = torch::zeros({1}, on_device.dtype(torch::kInt64));
    places_ = torch::arange(pool.first, pool.first + pool.count, on_device.dtype(torch::kInt64));
  }

  void begin(std::int64_t epoch, std::int64_t first_step) override {
    const BatchOptions& options = pool_.options;
    order_.copy_(keyed_permutation(options.seed, epoch, pool_.size()));
    if (options.augment.enabled()) {
      const torch::Tensor random =
          keyed_uniform(options.seed, Stream::kAugment, epoch,
                        torch::arange(pool_.size(), torch::kInt64), random_.size(1));
      leave_plain_rows(random, epoch);
      random_.copy_(random);
    }
    if (mixed_) shares_.copy_(mixup_shares(options, epoch, pool_.size()));
    redraw(epoch);
    start_.fill_(first_step * options.batch);
  }

  Batch next() override {
    const torch::Tensor at = start_ + places_;
    const torch::Tensor rows = order_.index_select(0, at);
    Batch batch{images(rows), labels_.index_select(0, rows), {}};
    if (pool_.has_targets()) batch.targets = targets(batch.labels);
    if (mixed_) {
      const torch::Tensor partners =
          order_.index_select(0, start_ + (pool_.options.batch - 1 - places_));
      const torch::Tensor share = shares_.index_select(0, at).unsqueeze(1);  // [B,1]
      const auto blend = [&share](const torch::Tensor& own, const torch::Tensor& other) {
        const torch::Tensor s = own.dim() == 4 ? share.unsqueeze(2).unsqueeze(3) : share;
        return s * own + (1 - s) * other;
      };
      batch.pixels = blend(batch.pixels, images(partners));
      batch.targets = blend(batch.targets, targets(labels_.index_select(0, partners)));
    }
    start_ += pool_.options.batch;
    return batch;
  }

 private:
  torch::Tensor images(const torch::Tensor& rows) const {
    return augment_by_tensors(to_pixels(images_.index_select(0, rows)),
                              random_.index_select(0, rows), pool_.options.augment);
  }

  // float32 [B,10]: all of it to the label, or evenly to the ten. (torch's one_hot looks at the
  // labels on the host.)
  static torch::Tensor targets(const torch::Tensor& labels) {
    const torch::Tensor digits = torch::arange(kClasses, labels.options());
    const torch::Tensor column = labels.unsqueeze(1);
    return (column == digits).to(torch::kFloat32) + (column < 0).to(torch::kFloat32) / kClasses;
  }

  // Numbers that change nothing, for the rows that are shown as they are.
  void leave_plain_rows(const torch::Tensor& random, std::int64_t epoch) const {
    constexpr float kUnchanged = 0.5f, kOutside = 2;  // the middle of a range; cutout's centre
    auto* row = random.data_ptr<float>();
    const std::int64_t columns = random.size(1);
    for (std::int64_t i = 0; i < random.size(0); ++i, row += columns) {
      if (!pool_.is_plain(i, epoch)) continue;
      std::fill_n(row, columns, kUnchanged);
      if (columns > kCutoutColumn) std::fill(row + kCutoutColumn, row + kElasticColumn, kOutside);
    }
  }

  void redraw(std::int64_t epoch) {
    const std::int64_t count = pool_.size() - pool_.image_count;
    if (count == 0) return;
    const torch::Tensor drawn = torch::empty({count, kSide, kSide}, torch::kUInt8);
    auto* out = drawn.data_ptr<std::uint8_t>();
    constexpr std::int64_t kGrain = 64;
    at::parallel_for(0, count, kGrain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        pool_.draw(out + i * kPixels, pool_.image_count + i, epoch);
      }
    });
    images_.slice(0, pool_.image_count).copy_(drawn);
  }

  const Pool& pool_;
  bool mixed_;
  torch::Tensor images_, labels_;          // uint8 [n,28,28], int64 [n]
  torch::Tensor order_, random_, shares_;  // int64 [n], float32 [n,columns], float32 [n]
  torch::Tensor start_, places_;           // int64 [1]: the step's first place; int64 [B]
};

Batches::Batches(const TrainingData& data, const BatchOptions& options, torch::Device device,
                 std::int64_t rank, std::int64_t processes)
    : pool_(std::make_unique<Pool>(data, options, rank, processes)) {
  if (device.is_cpu() && !options.by_tensors) {
    preparer_ = std::make_unique<HostPreparer>(*pool_);
  } else {
    preparer_ = std::make_unique<TensorPreparer>(*pool_, device);
  }
}

Batches::~Batches() = default;

std::int64_t Batches::size() const { return pool_->size(); }
std::int64_t Batches::steps_per_epoch() const { return pool_->steps(); }
void Batches::begin(std::int64_t epoch, std::int64_t first_step) {
  preparer_->begin(epoch, first_step);
}
Batch Batches::next() { return preparer_->next(); }

}  // namespace inkling
