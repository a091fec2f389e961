// How fast a CSV of 42,000 images is read on one core, beside a plain read of the same bytes and
// beside a parser as one writes it with iostreams. The three alternate in one run, so that a busy
// machine slows all of them; medians are printed. With a file's name as argument, that file is
// read.
#include <ATen/Parallel.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "data/csv.h"
#include "data/file.h"

namespace inkling {
namespace {

constexpr int kRows = 42'000, kRounds = 9;

// As long as Kaggle's file (77 MB): a fifth of the pixels are ink, in runs, most of three digits.
std::string made_up_csv() {
  std::mt19937 random(7);
  std::string csv = csv_header(true) + "\n";
  for (int row = 0; row < kRows; ++row) {
    csv += static_cast<char>('0' + random() % 10);
    int left = 0;
    bool ink = false;
    for (int i = 0; i < kSide * kSide; ++i) {
      if (left-- == 0) {
        ink = !ink;
        left = static_cast<int>(ink ? 3 + random() % 5 : 12 + random() % 16);
      }
      csv.append(",").append(std::to_string(ink ? random() % 256 : 0));
    }
    csv += '\n';
  }
  return csv;
}

std::size_t read_plainly(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  std::vector<char> chunk(std::size_t{1} << 20);
  std::size_t total = 0;
  while (const std::size_t n = std::fread(chunk.data(), 1, chunk.size(), file)) total += n;
  std::fclose(file);
  return total;
}

std::size_t read_with_iostreams(const std::string& path) {
  std::ifstream file(path);
  std::string line, cell;
  std::getline(file, line);
  std::vector<std::uint8_t> pixels;
  while (std::getline(file, line)) {
    std::istringstream cells(line);
    while (std::getline(cells, cell, ',')) {
      pixels.push_back(static_cast<std::uint8_t>(std::stoi(cell)));
    }
  }
  return pixels.size();
}

// Of this process, in user and kernel mode: what others do on the machine does not count.
double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Contender {
  const char* name;
  std::function<std::size_t()> read;
  std::vector<double> seconds{};

  double median() const {
    std::vector<double> sorted = seconds;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
};

void measure(const std::string& path) {
  at::set_num_threads(1);
  const double megabytes = static_cast<double>(std::filesystem::file_size(path)) / 1e6;
  Contender contenders[] = {{"plain read of the bytes", [&] { return read_plainly(path); }},
                            {"read_csv", [&] { return read_csv(path).images.size(0); }},
                            {"iostreams", [&] { return read_with_iostreams(path); }}};
  for (int round = 0; round < kRounds; ++round) {
    for (Contender& contender : contenders) {
      const double begin = processor_seconds();
      if (contender.read() == 0) std::abort();
      contender.seconds.push_back(processor_seconds() - begin);
    }
  }
  std::printf("%.1f MB, one core, medians of %d rounds\n", megabytes, kRounds);
  for (const Contender& contender : contenders) {
    std::printf("  %-24s %8.0f MB/s   %7.1f ms   %6.2f times read_csv's time\n", contender.name,
                megabytes / contender.median(), 1e3 * contender.median(),
                contender.median() / contenders[1].median());
  }
}

}  // namespace
}  // namespace inkling

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  try {
    if (argc > 1) {
      inkling::measure(argv[1]);
      return 0;
    }
    const fs::path path = fs::temp_directory_path() / "inkling-bench.csv";
    inkling::write_file(path, inkling::made_up_csv());
    inkling::measure(path.string());
    fs::remove(path);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_data: %s\n", error.what());
    return 1;
  }
}
