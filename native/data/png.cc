// Writes PNG through libpng's simplified interface.
#include "data/png.h"

#include <png.h>

#include <string>

#include "data/file.h"

namespace inkling {
namespace {

// png_image_free for whatever way the function is left.
struct Image : png_image {
  Image() : png_image{} { version = PNG_IMAGE_VERSION; }
  ~Image() { png_image_free(this); }
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;
};

}  // namespace

void write_png(const std::filesystem::path& path, const torch::Tensor& image) {
  const torch::Tensor bytes = image.contiguous();
  TORCH_CHECK(bytes.scalar_type() == torch::kUInt8 && bytes.device().is_cpu() &&
                  (bytes.dim() == 2 || (bytes.dim() == 3 && bytes.size(2) == 3)),
              "write_png takes uint8 [H,W] or [H,W,3]");
  Image png;
  png.height = static_cast<png_uint_32>(bytes.size(0));
  png.width = static_cast<png_uint_32>(bytes.size(1));
  png.format = bytes.dim() == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  const auto* pixels = bytes.const_data_ptr<std::uint8_t>();
  const auto write = [&](void* out, png_alloc_size_t& size) {
    if (png_image_write_to_memory(&png, out, &size, 0, pixels, 0, nullptr) != 0) return;
    throw Failure("cannot make the picture " + path.string() + ": " + png.message);
  };
  png_alloc_size_t size = 0;
  write(nullptr, size);
  std::string file(size, '\0');
  write(file.data(), size);
  file.resize(size);
  write_file(path, file);
}

}  // namespace inkling
