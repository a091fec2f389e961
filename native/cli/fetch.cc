// `inkling fetch mnist|pendigits|kaggle-like`: data sets from their public originals, checked.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <limits>

#include "cli/commands.h"
#include "data/download.h"
#include "data/file.h"
#include "data/kaggle_like.h"
#include "data/pendigits.h"

namespace inkling {
namespace {

// Sizes and checksums of the files that LeCun, Cortes and Burges published.
const std::vector<RemoteFile>& mnist_files() {
  static const std::vector<RemoteFile> kFiles = {
      {"train-images-idx3-ubyte.gz", 9912422,
       "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"},
      {"train-labels-idx1-ubyte.gz", 28881,
       "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
      {"t10k-images-idx3-ubyte.gz", 1648877,
       "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"},
      {"t10k-labels-idx1-ubyte.gz", 4542,
       "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"},
  };
  return kFiles;
}

constexpr const char* kMnistMirrors[] = {
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
};

constexpr const char* kPendigitsMirrors[] = {
    "https://archive.ics.uci.edu/ml/machine-learning-databases/pendigits/",
    "https://archive.ics.uci.edu/static/public/81/"
    "pen+based+recognition+of+handwritten+digits.zip",
};

struct FetchFlags {
  std::string out;
  std::vector<std::string> mirrors;
  std::string originals;  // folder of pendigits' originals; empty: fetch them
  std::string mnist;      // folder that kaggle-like is cut from
  std::int64_t seed = 1;
};

void show_progress(const std::string& name, std::uint64_t done, std::uint64_t total) {
  if (!isatty(STDOUT_FILENO)) return;
  if (total > 0) {
    std::printf("\r\033[K%s  %3.0f %%", name.c_str(),
                100.0 * static_cast<double>(done) / static_cast<double>(total));
  } else {
    std::printf("\r\033[K%s  %.1f MB", name.c_str(), static_cast<double>(done) / 1e6);
  }
  std::fflush(stdout);
}

void show_outcome(const std::string& name, const char* outcome) {
  std::printf("%s%s  %s\n", isatty(STDOUT_FILENO) ? "\r\033[K" : "", name.c_str(), outcome);
  std::fflush(stdout);
}

template <std::size_t kCount>
std::vector<std::string> mirrors_of(const FetchFlags& flags, const char* const (&usual)[kCount]) {
  if (flags.mirrors.empty()) return {std::begin(usual), std::end(usual)};
  std::vector<std::string> mirrors = flags.mirrors;
  for (std::string& mirror : mirrors) {
    if (!mirror.ends_with('/') && !mirror.ends_with(".zip")) mirror += '/';
  }
  return mirrors;
}

void make_folder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw Failure("cannot make the folder " + folder + ": " + error.message());
}

void fetch_mnist(const FetchFlags& flags) {
  make_folder(flags.out);
  for (const RemoteFile& file : mnist_files()) {
    const DownloadOutcome outcome = download(
        file, flags.out, mirrors_of(flags, kMnistMirrors),
        [&](std::uint64_t done, std::uint64_t total) { show_progress(file.name, done, total); });
    show_outcome(file.name, outcome == DownloadOutcome::kFetched ? "fetched, checksum right"
                                                                 : "already there");
  }
  std::printf("next: inkling train --mnist %s --out runs/first\n", flags.out.c_str());
}

void fetch_pendigits(const FetchFlags& flags) {
  make_folder(flags.out);
  for (const PendigitsPart& part : pendigits_parts()) {
    const DownloadOutcome outcome =
        make_pendigits(part, flags.out, flags.originals, mirrors_of(flags, kPendigitsMirrors),
                       [&](std::uint64_t done, std::uint64_t total) {
                         show_progress(part.original, done, total);
                       });
    show_outcome(part.stroke_file, outcome == DownloadOutcome::kFetched
                                       ? "made; digits and writers are as many as UCI says"
                                       : "already there");
  }
  std::printf("next: inkling train --strokes %s/%s --out runs/pen\n", flags.out.c_str(),
              pendigits_parts().front().stroke_file);
}

void fetch_kaggle_like(const FetchFlags& flags) {
  write_kaggle_like(flags.mnist, flags.seed, flags.out);
  std::printf(
      "%s: train.csv, test.csv and withheld-labels.csv are %s\nnext: inkling train --kaggle "
      "%s/train.csv --out runs/kaggle\n",
      flags.out.c_str(), simulation_note(std::filesystem::path(flags.out) / "train.csv").c_str(),
      flags.out.c_str());
}

void add_download_flags(CLI::App& command, FetchFlags& flags) {
  command.add_option("--out", flags.out, "Folder to put it in")->required();
  command
      .add_option("--mirror", flags.mirrors,
                  "Take it from this address instead; may be given several times")
      ->allow_extra_args(false);
}

}  // namespace

void add_fetch(CLI::App& app) {
  CLI::App* fetch = app.add_subcommand("fetch", "Download or make a data set, checked");
  fetch->require_subcommand(1);

  auto flags = std::make_shared<FetchFlags>();
  CLI::App* mnist = fetch->add_subcommand(
      "mnist", "MNIST's four files (11.6 MB), checked by SHA-256 and resumed");
  add_download_flags(*mnist, *flags);
  mnist->callback([flags] { fetch_mnist(*flags); });

  CLI::App* pendigits = fetch->add_subcommand(
      "pendigits", "UCI's pen digits, from UNIPEN text to stroke files; counts are checked");
  add_download_flags(*pendigits, *flags);
  pendigits->add_option("--from", flags->originals,
                        "Folder with pendigits-orig.tra.Z and .tes.Z: nothing is fetched");
  pendigits->callback([flags] { fetch_pendigits(*flags); });

  CLI::App* kaggle = fetch->add_subcommand(
      "kaggle-like",
      "A simulation of Kaggle's Digit Recognizer files: MNIST's 70,000 cut into 42,000 labelled "
      "rows and 28,000 whose labels are withheld; all that is made of it says so");
  kaggle->add_option("--mnist", flags->mnist, "Folder with MNIST's four IDX files")->required();
  kaggle->add_option("--seed", flags->seed, "Of the cut")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{std::numeric_limits<std::int32_t>::max()}))
      ->capture_default_str();
  kaggle->add_option("--out", flags->out, "Folder to put it in")->required();
  kaggle->callback([flags] { fetch_kaggle_like(*flags); });
}

}  // namespace inkling
