#include "config/config_check.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <string>
#include <system_error>

#include "config/config_error.hpp"

namespace basehttp {
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

/// Empty: the directory can be entered.
std::string directory_trouble(const std::string& path) {
    struct stat status {};
    if (stat((path + "/.").c_str(), &status) == 0) return {};
    if (errno == ENOENT) return "does not exist; create it or name another";
    if (errno == ENOTDIR) return "is not a directory; name another";
    return "cannot be entered: " + reason(errno) + "; change that or name another";
}

/// Empty: the file can be executed.
std::string program_trouble(const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) return "does not exist; install it or name another program";
        return "cannot be used: " + reason(errno) + "; change that or name another program";
    }
    if (!S_ISREG(status.st_mode)) return "is not a program; name another";
    if (faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0) return {};
    return "cannot be executed: " + reason(errno) + "; change that or name another program";
}

/// Empty: there is such a file or directory.
std::string path_trouble(const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) == 0) return {};
    if (errno == ENOENT) return "does not exist; create it or name another path";
    return "cannot be reached: " + reason(errno) + "; change that or name another path";
}

/// A value of a site, and whom to blame for it.
struct Place {
    const Provenance& provenance;
    std::size_t site;

    /// `text` is the value as printed, `shown` how the message begins.
    void refuse_if(const std::string& trouble, const char* key, const std::string& text,
                   const std::string& shown) const {
        if (trouble.empty()) return;
        refuse(blame(provenance, site, std::string("cgi.") + key, text), shown + ' ' + trouble);
    }
};

void check_cgi(const CgiConfig& cgi, const Place& place) {
    for (const auto& [extension, program] : cgi.interpreters) {
        place.refuse_if(program_trouble(program), "interpreter", extension + ' ' + program,
                        "interpreter " + quoted(program) + " of " + quoted(extension));
    }
    for (const std::string& path : cgi.sendfile) {
        place.refuse_if(directory_trouble(path), "sendfile", path, "sendfile " + quoted(path));
    }
    for (const std::string& path : cgi.sandbox_read) {
        place.refuse_if(path_trouble(path), "sandbox_read", path, "sandbox_read " + quoted(path));
    }
    for (const std::string& path : cgi.sandbox_write) {
        place.refuse_if(path_trouble(path), "sandbox_write", path, "sandbox_write " + quoted(path));
    }
}

}  // namespace

void check_tags(const Config& config, const Provenance& provenance) {
    std::map<std::string, std::size_t> seen;  // tag, site
    for (std::size_t i = 0; i < config.sites.size(); ++i) {
        const std::string tag = tag_of(config.sites[i]);
        const auto [earlier, is_new] = seen.emplace(tag, i);
        if (is_new || tag.empty()) continue;
        // Names are unique, so at least one of the two is a tag that was set.
        const std::size_t blamed = config.sites[i].tag.empty() ? earlier->second : i;
        refuse(blame(provenance, blamed, "site.tag", tag),
               "tag " + quoted(tag) + " is that of another site, too; name another");
    }
}

void check_paths(const Config& config, const Provenance& provenance) {
    for (std::size_t i = 0; i < config.sites.size(); ++i) {
        const std::string& root = config.sites[i].root;
        if (const std::string trouble = directory_trouble(root); !trouble.empty()) {
            refuse(blame(provenance, i, "site.root", root),
                   "root " + quoted(root) + ' ' + trouble + (i == 0 ? " with --root" : ""));
        }
        check_cgi(config.sites[i].cgi, {provenance, i});
    }
    const std::string& temp = config.temp_directory;
    if (const std::string trouble = directory_trouble(temp); !trouble.empty()) {
        refuse(blame(provenance, 0, "server.temp_directory", temp),
               "temp_directory " + quoted(temp) + ' ' + trouble + " with --temp-directory");
    }
}

}  // namespace basehttp
