// `inkling preview`: a PNG sheet of what the network will see in training.
#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "cli/augment_flags.h"
#include "cli/commands.h"
#include "cli/numbers.h"
#include "data/file.h"
#include "data/not_digits.h"
#include "data/png.h"
#include "data/random.h"
#include "train/batches.h"

namespace inkling {
namespace {

using Rows = std::vector<std::int64_t>;

struct PreviewFlags {
  Sources sources;
  BatchOptions batches;
  double validation_share = 0.1;
  std::int64_t drawing_repeat = 1;
  std::int64_t epoch = 1, variants = 8, count = 10;
  std::string out;
};

// The sheet's look, in its own pixels: a block of pictures, a block of drawings to its right; in
// each a line for each image: the original, framed, then its variants.
constexpr std::int64_t kZoom = 2, kCell = kSide * kZoom;
constexpr std::int64_t kMargin = 28, kGap = 6, kAfterOriginal = 20, kBetweenBlocks = 44, kFrame = 2;
using Colour = std::array<int, 3>;  // red, green, blue
constexpr Colour kPaper{244, 242, 236}, kNight{22, 26, 36}, kInk{255, 255, 255},
    kAccent{222, 110, 50};

// Where in an epoch each row is shown: int64 [n].
Rows places_of(const PreviewFlags& flags, std::int64_t epoch, std::int64_t n) {
  const torch::Tensor places = keyed_permutation(flags.batches.seed, epoch, n).argsort();
  const auto* first = places.const_data_ptr<std::int64_t>();
  return {first, first + n};
}

// Up to flags.count of the rows [first, last) whose place is below `shown` in every epoch: one of
// each digit, a second of each, and so on.
Rows choose_rows(const PreviewFlags& flags, const std::vector<Rows>& places, std::int64_t shown,
                 const Dataset& all, std::int64_t first, std::int64_t last) {
  std::array<Rows, kClasses> by_digit;
  for (std::int64_t row = first; row < last; ++row) {
    const auto i = static_cast<std::size_t>(row);
    if (!std::all_of(places.begin(), places.end(), [&](const Rows& p) { return p[i] < shown; }))
      continue;
    by_digit[static_cast<std::size_t>(all.labels[row].item<std::int64_t>())].push_back(row);
  }
  const auto count = static_cast<std::size_t>(flags.count);
  Rows rows;
  for (std::size_t round = 0; round < count; ++round) {
    for (const Rows& digit : by_digit) {
      if (round < digit.size() && rows.size() < count) rows.push_back(digit[round]);
    }
  }
  return rows;
}

// The row as the epoch will show it, float32 [28,28].
torch::Tensor variant(Batches& batches, std::int64_t batch, std::int64_t epoch,
                      std::int64_t place) {
  batches.begin(epoch, place / batch);
  return batches.next().pixels[place % batch][0];
}

// Paints what lies from (top, left) on: rgb is the sheet, uint8 [H,W,3].
void fill(torch::Tensor& rgb, std::int64_t top, std::int64_t left, std::int64_t side,
          const Colour& colour) {
  torch::Tensor area = rgb.slice(0, top, top + side).slice(1, left, left + side);
  for (std::int64_t channel = 0; channel < 3; ++channel) {
    area.select(2, channel).fill_(colour[static_cast<std::size_t>(channel)]);
  }
}

void paint(torch::Tensor& rgb, std::int64_t top, std::int64_t left, const torch::Tensor& pixels) {
  const torch::Tensor large =
      pixels.clamp(0, 1).repeat_interleave(kZoom, 0).repeat_interleave(kZoom, 1);
  for (std::int64_t channel = 0; channel < 3; ++channel) {
    const auto c = static_cast<std::size_t>(channel);
    rgb.slice(0, top, top + kCell)
        .slice(1, left, left + kCell)
        .select(2, channel)
        .copy_(large.mul(kInk[c] - kNight[c]).add(kNight[c]).round());
  }
}

// lines: float32 [1 + variants,28,28] each, originals first.
using Block = std::vector<torch::Tensor>;

torch::Tensor paint_sheet(const std::vector<Block>& blocks, std::int64_t variants) {
  const std::int64_t block_width = kCell + kAfterOriginal + variants * (kCell + kGap) - kGap;
  const auto count = static_cast<std::int64_t>(blocks.size());
  std::size_t lines = 0;
  for (const Block& block : blocks) lines = std::max(lines, block.size());
  const std::int64_t height =
      2 * kMargin + static_cast<std::int64_t>(lines) * (kCell + kGap) - kGap;
  const std::int64_t width = 2 * kMargin + count * (block_width + kBetweenBlocks) - kBetweenBlocks;
  torch::Tensor rgb =
      torch::tensor({kPaper[0], kPaper[1], kPaper[2]}, torch::kUInt8).repeat({height, width, 1});
  std::int64_t left = kMargin;
  for (const Block& block : blocks) {
    std::int64_t top = kMargin;
    for (const torch::Tensor& line : block) {
      fill(rgb, top - kFrame, left - kFrame, kCell + 2 * kFrame, kAccent);
      paint(rgb, top, left, line[0]);
      for (std::int64_t v = 0; v < variants; ++v) {
        paint(rgb, top, left + kCell + kAfterOriginal + v * (kCell + kGap), line[v + 1]);
      }
      top += kCell + kGap;
    }
    left += block_width + kBetweenBlocks;
  }
  return rgb;
}

// What the sheet is made from.
class Preview {
 public:
  explicit Preview(const PreviewFlags& flags)
      : flags_(flags),
        data_(load_training_data(flags.sources, flags.validation_share, flags.batches.seed,
                                 flags.drawing_repeat)),
        all_(concatenate(data_.images,
                         render(data_.drawings, [](std::size_t) { return kPenWidth; }))),
        options_(flags.batches) {
    options_.batch = std::min(options_.batch, all_.size());
    batches_ = std::make_unique<Batches>(data_, options_, torch::kCPU);
    for (std::int64_t v = 0; v < flags.variants; ++v) {
      places_.push_back(places_of(flags, flags.epoch + v, batches_->size()));
    }
  }

  Block pictures() { return block(0, data_.images.size()); }
  Block drawings() { return block(data_.images.size(), all_.size()); }

  // A kind a line: as it is written down, then as the epochs show it.
  Block not_digits() {
    const auto kinds = static_cast<std::int64_t>(not_digit_kinds(NotDigits::kLearned).size());
    Rows rows;
    for (std::int64_t row = all_.size(); row < batches_->size(); ++row) {
      const auto count = static_cast<std::int64_t>(rows.size());
      if (count == std::min(flags_.count, kinds)) break;
      if ((row - all_.size()) % kinds == count * kinds / std::min(flags_.count, kinds)) {
        rows.push_back(row);
      }
    }
    std::erase_if(rows, [&](std::int64_t row) { return !is_shown(row); });
    Block block;
    for (const std::int64_t row : rows) {
      Dice dice(keyed_engine(options_.seed, Stream::kPen, 0, row));
      const auto kind = static_cast<std::size_t>((row - all_.size()) % kinds);
      const torch::Tensor plain = torch::empty({1, kSide, kSide}, torch::kUInt8);
      draw_into(plain.data_ptr<std::uint8_t>(), not_a_digit(NotDigits::kLearned, kind, dice), {});
      block.push_back(line(to_pixels(plain)[0][0], row));
    }
    return block;
  }

 private:
  std::int64_t shown() const { return batches_->steps_per_epoch() * options_.batch; }

  bool is_shown(std::int64_t row) const {
    return std::all_of(places_.begin(), places_.end(), [&](const Rows& places) {
      return places[static_cast<std::size_t>(row)] < shown();
    });
  }

  torch::Tensor line(const torch::Tensor& original, std::int64_t row) {
    std::vector<torch::Tensor> line = {original};
    for (std::size_t v = 0; v < places_.size(); ++v) {
      const std::int64_t epoch = flags_.epoch + static_cast<std::int64_t>(v);
      line.push_back(
          variant(*batches_, options_.batch, epoch, places_[v][static_cast<std::size_t>(row)]));
    }
    return torch::stack(line);
  }

  Block block(std::int64_t first, std::int64_t last) {
    Block block;
    for (const std::int64_t row : choose_rows(flags_, places_, shown(), all_, first, last)) {
      block.push_back(line(to_pixels(all_.images.slice(0, row, row + 1))[0][0], row));
    }
    return block;
  }

  const PreviewFlags& flags_;
  TrainingData data_;
  Dataset all_;  // drawings with the page's pen
  BatchOptions options_;
  std::unique_ptr<Batches> batches_;
  std::vector<Rows> places_;  // in each epoch of the sheet
};

void run_preview(const PreviewFlags& flags) {
  require_not_read(flags.out, flags.sources.paths());
  Preview preview(flags);
  std::vector<Block> blocks = {preview.pictures(), preview.drawings(), preview.not_digits()};
  std::vector<Block> painted = blocks;
  std::erase_if(painted, [](const Block& block) { return block.empty(); });
  const torch::Tensor sheet = paint_sheet(painted, flags.variants);
  write_png(flags.out, sheet);
  std::string order;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    constexpr const char* kNames[] = {"pictures", "drawings", "what is no digit"};
    if (!blocks[i].empty()) order += (order.empty() ? "" : ", ") + std::string(kNames[i]);
  }
  std::printf(
      "%s: %lldx%lld; framed the originals, beside each what epochs %lld to %lld show; from "
      "the left: %s\n",
      flags.out.c_str(), static_cast<long long>(sheet.size(1)),
      static_cast<long long>(sheet.size(0)), static_cast<long long>(flags.epoch),
      static_cast<long long>(flags.epoch + flags.variants - 1), order.c_str());
}

}  // namespace

void add_preview(CLI::App& app) {
  using Int = std::int64_t;
  auto flags = std::make_shared<PreviewFlags>();
  CLI::App* command = app.add_subcommand(
      "preview", "A picture of what the network will see: the training's own images, augmented");
  add_source_flags(*command, flags->sources);
  command->add_option("--out", flags->out, "PNG file to write")->required();
  add_number(*command, "--count", flags->count, Int{1}, Int{100},
             "Pictures, and as many drawings, to show");
  add_number(*command, "--variants", flags->variants, Int{1}, Int{32},
             "Epochs to show of each, side by side");
  add_number(*command, "--epoch", flags->epoch, Int{1}, Int{100'000}, "The first of them");
  add_number(*command, "--batch", flags->batches.batch, Int{1}, Int{1'000'000}, "As in train");
  add_number(*command, "--seed", flags->batches.seed, Int{0},
             Int{std::numeric_limits<std::int32_t>::max()}, "As in train");
  add_number(*command, "--validation", flags->validation_share, 0.001, 0.9, "As in train");
  add_number(*command, "--repeat-strokes", flags->drawing_repeat, Int{1}, Int{1000}, "As in train");
  command->option_defaults()->group("Augmentation");
  add_augment_flags(*command, flags->batches);
  command->callback([flags] { run_preview(*flags); });
}

}  // namespace inkling
