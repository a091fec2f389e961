// Two ways to the same batches: on a CPU an image at a time on a thread beside the step; on a GPU
// by operators over tables that are uploaded once an epoch.
#include "train/batches.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <c10/core/thread_pool.h>

#include <algorithm>
#include <array>
#include <future>
#include <stdexcept>
#include <utility>
#include <vector>

#include "data/file.h"
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

// The rows to learn from: ready images first, then drawings, which are drawn again each epoch.
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

  // uint8 [28][28] of drawing `index` with the epoch's pen.
  void draw(std::uint8_t* image, std::size_t index, std::int64_t epoch) const {
    const double random =
        uniform(options.seed, Stream::kPen, epoch, static_cast<std::int64_t>(index), 0);
    draw_into(image, *drawings[index],
              static_cast<float>(options.pen_low + (options.pen_high - options.pen_low) * random));
  }

  BatchOptions options;
  std::int64_t image_count;
  torch::Tensor images;                  // uint8 [image_count,28,28] on the CPU
  torch::Tensor labels;                  // int64 [size()] on the CPU
  std::vector<const Drawing*> drawings;  // row image_count + i is drawing i
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
    const bool mixed = pool_.options.mixup > 0;
    if (mixed) batch.targets = torch::zeros({count, kClasses}, torch::kFloat32);
    auto* pixels = batch.pixels.data_ptr<float>();
    auto* labels = batch.labels.data_ptr<std::int64_t>();
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t place = pool_.first + i;
      const std::int64_t row = row_at(step, place);
      image(row, pixels + i * kPixels);
      labels[i] = label(row);
      if (!mixed) continue;
      const std::int64_t other = row_at(step, pool_.options.batch - 1 - place);
      const float share = shares_.const_data_ptr<float>()[step * pool_.options.batch + place];
      mix(share, other, pixels + i * kPixels);
      auto* targets = batch.targets.data_ptr<float>() + i * kClasses;
      targets[labels[i]] += share, targets[label(other)] += 1 - share;
    }
    return batch;
  }

  std::int64_t row_at(std::int64_t step, std::int64_t place) const {
    return order_.const_data_ptr<std::int64_t>()[step * pool_.options.batch + place];
  }
  std::int64_t label(std::int64_t row) const {
    return pool_.labels.const_data_ptr<std::int64_t>()[row];
  }

  // The row's image as this epoch shows it, float [28][28].
  void image(std::int64_t row, float* out) const {
    std::array<std::uint8_t, kPixels> drawn;
    const std::uint8_t* bytes = drawn.data();
    if (row < pool_.image_count) {
      bytes = pool_.images.const_data_ptr<std::uint8_t>() + row * kPixels;
    } else {
      pool_.draw(drawn.data(), static_cast<std::size_t>(row - pool_.image_count), epoch_);
    }
    const AugmentOptions& augment = pool_.options.augment;
    std::array<float, kPixels> plain;
    float* pixels = augment.enabled() ? plain.data() : out;
    for (std::int64_t i = 0; i < kPixels; ++i) pixels[i] = static_cast<float>(bytes[i]) / 255.0f;
    if (!augment.enabled()) return;
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
      random_.copy_(keyed_uniform(options.seed, Stream::kAugment, epoch,
                                  torch::arange(pool_.size(), torch::kInt64), random_.size(1)));
    }
    if (mixed_) shares_.copy_(mixup_shares(options, epoch, pool_.size()));
    redraw(epoch);
    start_.fill_(first_step * options.batch);
  }

  Batch next() override {
    const torch::Tensor at = start_ + places_;
    const torch::Tensor rows = order_.index_select(0, at);
    Batch batch{images(rows), labels_.index_select(0, rows), {}};
    if (mixed_) {
      const torch::Tensor partners =
          order_.index_select(0, start_ + (pool_.options.batch - 1 - places_));
      const torch::Tensor share = shares_.index_select(0, at).unsqueeze(1);  // [B,1]
      const auto blend = [&share](const torch::Tensor& own, const torch::Tensor& other) {
        const torch::Tensor s = own.dim() == 4 ? share.unsqueeze(2).unsqueeze(3) : share;
        return s * own + (1 - s) * other;
      };
      batch.pixels = blend(batch.pixels, images(partners));
      batch.targets = blend(one_hot(batch.labels), one_hot(labels_.index_select(0, partners)));
    }
    start_ += pool_.options.batch;
    return batch;
  }

 private:
  torch::Tensor images(const torch::Tensor& rows) const {
    return augment_by_tensors(to_pixels(images_.index_select(0, rows)),
                              random_.index_select(0, rows), pool_.options.augment);
  }

  // float32 [B,10]; torch's one_hot looks at the labels on the host.
  static torch::Tensor one_hot(const torch::Tensor& labels) {
    const torch::Tensor digits = torch::arange(kClasses, labels.options());
    return (labels.unsqueeze(1) == digits).to(torch::kFloat32);
  }

  void redraw(std::int64_t epoch) {
    if (pool_.drawings.empty()) return;
    const auto count = static_cast<std::int64_t>(pool_.drawings.size());
    const torch::Tensor drawn = torch::empty({count, kSide, kSide}, torch::kUInt8);
    auto* out = drawn.data_ptr<std::uint8_t>();
    constexpr std::int64_t kGrain = 64;
    at::parallel_for(0, count, kGrain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        pool_.draw(out + i * kPixels, static_cast<std::size_t>(i), epoch);
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
