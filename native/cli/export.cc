// `inkling export`: a run's best weights to an ONNX file, which is written only when the engine,
// reading it back, gives the same answers as LibTorch.
#include <cstdio>

#include "cli/commands.h"
#include "cli/exporting.h"
#include "data/dataset.h"
#include "data/file.h"
#include "export/engine_runner.h"
#include "export/onnx_writer.h"

namespace inkling {
namespace {

struct ExportFlags {
  std::string run, out;
  bool half_weights = false;
};

void run_export(const ExportFlags& flags) {
  require_not_read(flags.out, {flags.run});
  Exportable from = load_exportable(flags.run);
  if (flags.half_weights) round_weights_to_half(from.layers);
  const std::string weights = flags.half_weights ? "float16" : "float32";
  const std::string onnx =
      to_onnx(from.layers, {flags.half_weights, metadata_of(from.run, weights, true)});

  // The file against the layers it was made of (with --fp16: of the weights so rounded).
  const double difference =
      largest_difference(run_folded(from.layers, to_pixels(from.images)),
                         EngineRunner(onnx, flags.out).probabilities(from.images));
  require_same(difference, kMaxDifference, "the engine's probabilities differ from LibTorch's",
               from.images);
  write_file(flags.out, onnx);
  std::printf("%s: %zu bytes; engine and LibTorch agree within %.1e on %lld held-out images\n",
              flags.out.c_str(), onnx.size(), difference,
              static_cast<long long>(from.images.size(0)));
}

}  // namespace

void add_export(CLI::App& app) {
  auto flags = std::make_shared<ExportFlags>();
  CLI::App* command =
      app.add_subcommand("export", "Write a run's network as an ONNX file, checked");
  command->add_option("run", flags->run, "The run's folder")->required();
  command->add_option("-o,--out", flags->out, "The .onnx file to write")->required();
  command->add_flag("--fp16", flags->half_weights, "Store weights as float16: half the size");
  command->callback([flags] { run_export(*flags); });
}

}  // namespace inkling
