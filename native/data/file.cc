// Reading through zlib (which passes plain files through) and writing whole files.
#include "data/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <set>

namespace inkling {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 20;

std::string reason() { return std::strerror(errno); }

struct GzClose {
  void operator()(gzFile file) const { gzclose(file); }
};
using GzHandle = std::unique_ptr<std::remove_pointer_t<gzFile>, GzClose>;

void write_all(int fd, const std::string& bytes, const fs::path& path) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t n = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw Failure("cannot write " + path.string() + ": " + reason());
    done += static_cast<std::size_t>(n);
  }
  if (::fsync(fd) != 0 && errno != EINVAL && errno != EROFS) {  // devices and pipes have no disk
    throw Failure("cannot flush " + path.string() + ": " + reason());
  }
}

// Leaves nothing behind when it fails to fill a file that it made.
void write_into(const fs::path& path, const std::string& bytes, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
  if (fd < 0) throw Failure("cannot write " + path.string() + ": " + reason());
  try {
    write_all(fd, bytes, path);
  } catch (...) {
    ::close(fd);
    if ((flags & O_CREAT) != 0) ::unlink(path.c_str());
    throw;
  }
  ::close(fd);
}

struct FdClose {
  int fd;
  ~FdClose() { ::close(fd); }
};

Failure too_large(const fs::path& path, std::size_t max_bytes) {
  return Failure(path.string() + " holds more than " + std::to_string(max_bytes) +
                 " bytes; it is not a file this command reads");
}

// Reads a plain file at once, since its size is known; false where it is gzipped or no ordinary
// file, and zlib has to look.
bool read_plain_file(int fd, const fs::path& path, std::size_t max_bytes, std::string& bytes) {
  struct stat status{};
  unsigned char magic[2] = {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0) return false;
  if (::pread(fd, magic, 2, 0) == 2 && magic[0] == 0x1f && magic[1] == 0x8b) return false;
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > max_bytes) throw too_large(path, max_bytes);
  bytes.resize(size);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t n = ::read(fd, bytes.data() + done, size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw Failure("cannot read " + path.string() + ": " + reason());
    if (n == 0) break;  // it became shorter meanwhile
    done += static_cast<std::size_t>(n);
  }
  bytes.resize(done);
  return true;
}

}  // namespace

std::string read_file(const fs::path& path, std::size_t max_bytes) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    throw Failure(path.string() + " is a folder, not a file; name the file itself");
  }
  const FdClose plain{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (plain.fd < 0) throw Failure("cannot open " + path.string() + ": " + reason());
  std::string bytes;
  if (read_plain_file(plain.fd, path, max_bytes, bytes)) return bytes;

  const GzHandle file(gzdopen(::dup(plain.fd), "rb"));
  if (!file) throw Failure("cannot read " + path.string() + ": " + reason());
  gzbuffer(file.get(), kChunk);
  for (;;) {
    const std::size_t old_size = bytes.size();
    bytes.resize(old_size + kChunk);
    const int n = gzread(file.get(), bytes.data() + old_size, kChunk);
    int code = Z_OK;
    const char* what = gzerror(file.get(), &code);
    if (n < 0 || (n < static_cast<int>(kChunk) && code != Z_OK && code != Z_STREAM_END)) {
      throw Failure(path.string() + " is cut short or damaged (" + what + "); fetch it again");
    }
    bytes.resize(old_size + static_cast<std::size_t>(n));
    if (bytes.size() > max_bytes) {
      throw too_large(path, max_bytes);
    }
    if (n == 0) return bytes;
  }
}

void write_file(const fs::path& path, const std::string& bytes) {
  std::error_code error;
  // A link stays a link: what it points to is replaced.
  const fs::path target = fs::is_symlink(path, error) ? fs::weakly_canonical(path, error) : path;
  const fs::file_status status = fs::status(target, error);
  if (target.filename().empty() || fs::is_directory(status)) {
    throw Failure("cannot write '" + path.string() + "': it names a folder; name a file");
  }
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    return write_into(target, bytes, O_WRONLY);  // a device or a pipe cannot be replaced
  }
  const fs::path temporary = target.string() + ".part";
  write_into(temporary, bytes, O_WRONLY | O_CREAT | O_TRUNC);
  fs::rename(temporary, target, error);
  if (!error) return;
  ::unlink(temporary.c_str());
  throw Failure("cannot write " + path.string() + ": " + error.message());
}

void require_not_read(const fs::path& out, const std::vector<fs::path>& read) {
  std::error_code error;
  if (!fs::exists(out, error)) return;
  const fs::path folder = out.has_parent_path() ? out.parent_path() : fs::path(".");
  // What folders that are read consist of: MNIST's files, a run's.
  const std::set<std::string> kinds = {"", ".gz", ".hashes", ".json", ".jsonl", ".safetensors"};
  const bool is_own = kinds.contains(out.extension().string());
  for (const fs::path& path : read) {
    const bool is_folder = fs::is_directory(path, error);
    if (is_folder ? !is_own || !fs::equivalent(folder, path, error)
                  : !fs::equivalent(out, path, error)) {
      continue;
    }
    throw Failure(out.string() + " is not written: it would replace what was just read" +
                  (is_folder ? " (a file of " + path.string() + ")" : "") + "; name another file");
  }
}

FolderLock::FolderLock(const fs::path& folder) {
  const fs::path path = folder / ".lock";
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file_ < 0) {
    throw Failure("cannot write " + path.string() + ": " + std::strerror(errno));
  }
  if (::flock(file_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  ::close(file_);
  throw Failure("another training is writing to " + folder.string() +
                "; wait for it, or name another folder with --out");
}

FolderLock::~FolderLock() { ::close(file_); }

std::string gzipped(const std::string& bytes) {
  if (bytes.size() > std::numeric_limits<uInt>::max()) {
    throw Failure("more than 4 GB cannot be packed at once");
  }
  z_stream stream{};
  constexpr int kGzipWindow = 15 + 16, kMemory = 8;  // zlib.h: 16 more writes gzip's header
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzipWindow, kMemory,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int code = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  if (code != Z_STREAM_END)
    throw Failure("zlib could not pack " + std::to_string(bytes.size()) + " bytes");
  return packed;
}

}  // namespace inkling
