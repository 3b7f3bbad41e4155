#pragma once

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

namespace basehttp {

/// A new directory under $TMPDIR or /tmp for one test; removed, with all in it, at the end.
/// Names are relative to it; missing parent directories are made. Errors throw.
class TempDir {
  public:
    TempDir() {
        const auto parent = std::filesystem::temp_directory_path() / "basehttp-XXXXXX";
        std::string name = parent.string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::system_error(errno, std::generic_category(), name);
        }
        path_ = name;
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    const std::filesystem::path& path() const { return path_; }
    std::string str() const { return path_.string(); }
    std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

    std::filesystem::path write(std::string_view name, std::string_view content) const {
        const auto file = with_parents(name);
        std::ofstream out(file, std::ios::binary | std::ios::trunc);
        out.write(content.data(), static_cast<std::streamsize>(content.size()));
        out.close();
        if (!out) throw std::system_error(errno, std::generic_category(), file.string());
        return file;
    }

    std::filesystem::path mkdir(std::string_view name) const {
        std::filesystem::create_directories(path_ / name);
        return path_ / name;
    }

    /// Makes the symbolic link `name`; `target` is written into it as it is.
    std::filesystem::path symlink(std::string_view name, std::string_view target) const {
        const auto link = with_parents(name);
        std::filesystem::create_symlink(target, link);
        return link;
    }

  private:
    std::filesystem::path with_parents(std::string_view name) const {
        const auto file = path_ / name;
        std::filesystem::create_directories(file.parent_path());
        return file;
    }

    std::filesystem::path path_;
};

}  // namespace basehttp
