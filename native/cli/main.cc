// The `inkling` command. The only place that catches, prints errors and sets exit codes: 0 done,
// 1 failed (one line: what, where, a hint), 2 wrong usage.
#include <c10/util/Exception.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <csignal>
#include <cstdio>
#include <exception>
#include <limits>
#include <new>
#include <string>

#include "cli/commands.h"
#include "data/file.h"

namespace {

std::string join(int argc, char** argv) {
  std::string line = "inkling";
  for (int i = 1; i < argc; ++i) line += std::string(" ") + argv[i];
  return line;
}

// What to say of a first word that is no verb; empty when it is one.
std::string unknown_verb(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return "";
  std::string verbs;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (verb->get_name() == argv[1]) return "";
    verbs += (verbs.empty() ? "" : ", ") + verb->get_name();
  }
  return std::string("there is no verb '") + argv[1] + "'; there are " + verbs;
}

// Memory that is freed stays with the process. A step's larger tensors would else go back to the
// system and come again, zeroed page by page, each time: most of the time of a step of wide layers.
void keep_freed_memory() {
#ifdef __GLIBC__
  constexpr int kLargest = 1 << 30;  // bytes; what is larger still comes from mmap
  mallopt(M_MMAP_THRESHOLD, kLargest);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
#endif
}

int fail(const std::string& sentence) {
  std::fprintf(stderr, "inkling: %s\n", sentence.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of write(), not an end
  CLI::App app{"Inkling trains handwritten-digit recognisers and exports them as ONNX."};
  app.require_subcommand(1);
  app.set_version_flag("--version", INKLING_VERSION);
  inkling::add_train(app, join(argc, argv));
  inkling::add_evaluate(app);
  inkling::add_submit(app);
#ifdef INKLING_HAS_EXPORT
  inkling::add_export(app);
  inkling::add_quantize(app);
#endif
#ifdef INKLING_HAS_FETCH
  inkling::add_fetch(app);
#endif
#ifdef INKLING_HAS_PICTURES
  inkling::add_predict(app);
  inkling::add_preview(app);
#endif
#ifdef INKLING_HAS_REPORT
  inkling::add_report(app);
#endif
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // a log shows each line when it is said
  if (const std::string wrong = unknown_verb(app, argc, argv); !wrong.empty()) {
    fail(wrong);
    return 2;
  }
  try {
    app.parse(argc, argv);
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      return fail("the answer could not be written; is the disk full?");
    }
    return 0;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const inkling::Failure& error) {
    return fail(error.what());
  } catch (const c10::OutOfMemoryError&) {
    return fail("the GPU is out of memory; lower --batch, or use --device cpu");
  } catch (const std::bad_alloc&) {
    return fail("out of memory; close other programs or use less data");
  } catch (const c10::Error& error) {
    return fail(std::string("LibTorch: ") + error.what_without_backtrace());
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}
