#include "server/daemon/places.hpp"

#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>

#include <climits>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "handlers/process/cgroup.hpp"
#include "handlers/process/landlock.hpp"
#include "server/daemon/make_sites.hpp"

namespace basehttp {
namespace {

using namespace landlock;

constexpr std::uint64_t readable = read_file | read_directory;
constexpr std::uint64_t append = write_file | make_regular;

std::string directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

/// Without links; empty: there is no such thing.
std::string real_path(const std::string& path) {
    char* const found = ::realpath(path.c_str(), nullptr);
    const std::string text = found != nullptr ? found : "";
    std::free(found);
    return text;
}

bool is_below(const std::string& path, const std::string& directory) {
    return path.starts_with(directory == "/" ? directory : directory + "/");
}

class Places {
  public:
    explicit Places(const Config& config) : config_(config) {}

    std::vector<Place> take() { return std::move(places_); }

    void add_sites() {
        for (site_ = 0; site_ < config_.sites.size(); ++site_) {
            const SiteConfig& site = config_.sites[site_];
            add(place_of_root(site.root), readable, "root", "site.root", site.root);
            if (has_scripts(site.cgi))
                for (const std::string& path : site.cgi.sendfile)
                    add(path, readable, "sendfile directory", "cgi.sendfile", path);
            if (tls_on(config_) && config_.tls_mode != "self-signed") add_tls(site.tls);
        }
        site_ = 0;
    }

    void add_server(const std::string& config_file) {
        if (!config_file.empty()) add_file(config_file, read_file, "", "", config_file);
        add_log(config_.access_log, "log.access");
        add_log(config_.error_log, "log.error");
        // Files without a name, made and unlinked where the file system cannot do without one.
        add(config_.temp_directory, read_file | append | remove_file, "temporary directory",
            "server.temp_directory", config_.temp_directory);
        add_sockets(config_.bind, "server.bind");
        add_sockets(config_.health_bind, "server.health_bind");
    }

    void add_cgroups() {
        const std::string path = ScriptCgroups::delegated();
        if (!path.empty())
            add(path, readable | write_file | make_directory | remove_directory, "", "", "");
    }

  private:
    void add(const std::string& path, std::uint64_t rights, const char* kind, std::string setting,
             std::string value) {
        places_.push_back({path, rights, kind, site_, std::move(setting), std::move(value)});
    }

    /// A file that is replaced by renaming another one to its name, or by turning a link.
    void add_file(const std::string& path, std::uint64_t rights, const char* kind,
                  const std::string& setting, const std::string& value) {
        const std::string named = directory_of(path);
        const std::string real = real_path(path);
        add(named, rights, kind, setting, value);
        if (!real.empty() && directory_of(real) != real_path(named))
            add(directory_of(real), rights, "", setting, value);
    }

    void add_tls(const TlsConfig& tls) {
        for (const std::string& path : tls.certificates)
            add_file(path, read_file, "TLS directory", "tls.certificate", path);
        for (const std::string& path : tls.keys)
            add_file(path, read_file, "TLS directory", "tls.key", path);
        if (!tls.password_file.empty())
            add_file(tls.password_file, read_file, "TLS directory", "tls.password_file",
                     tls.password_file);
        if (!tls.client_ca.empty())
            add_file(tls.client_ca, read_file, "TLS directory", "tls.client_ca", tls.client_ca);
    }

    /// A file is made anew in its directory when another program has moved it away (SIGUSR1); a
    /// terminal or FIFO stays what it is.
    void add_log(const std::string& path, const char* setting) {
        if (path == "-" || path == "off") return;
        struct stat info {};
        const bool special = ::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode);
        if (special)
            add(path, write_file, "log", setting, path);
        else
            add_file(path, append, "log directory", setting, path);
    }

    /// Removed at the end; made anew by a reload.
    void add_sockets(const std::vector<std::string>& binds, const char* setting) {
        constexpr std::string_view unix_prefix = "unix:";
        for (const std::string& bind : binds)
            if (bind.starts_with(unix_prefix))
                add(directory_of(bind.substr(unix_prefix.size())), make_socket | remove_file,
                    "socket directory", setting, bind);
    }

    /// Deployments turn a link, "current", to the next of the directories beside it.
    static std::string place_of_root(const std::string& root) {
        std::string named = std::filesystem::absolute(root).lexically_normal().string();
        while (named.size() > 1 && named.ends_with('/')) named.pop_back();
        struct stat info {};
        if (::lstat(named.c_str(), &info) != 0 || !S_ISLNK(info.st_mode)) return named;
        const std::string beside = real_path(directory_of(named));
        return beside.size() > 1 && is_below(real_path(named), beside) ? beside : named;
    }

    const Config& config_;
    std::size_t site_ = 0;
    std::vector<Place> places_;
};

/// Directories of the libraries and of what links them, as they are loaded now.
std::set<std::string> library_directories() {
    std::set<std::string> directories;
    ::dl_iterate_phdr(
        [](dl_phdr_info* object, std::size_t, void* found) {
            const std::string path = real_path(object->dlpi_name);
            if (!path.empty())
                static_cast<std::set<std::string>*>(found)->insert(directory_of(path));
            return 0;
        },
        &directories);
    return directories;
}

}  // namespace

std::vector<Place> places_of(const Config& config, const std::string& config_file) {
    Places places(config);
    places.add_sites();
    places.add_server(config_file);
    if (has_scripts(config)) places.add_cgroups();
    return places.take();
}

std::vector<Place> places_of_program() {
    std::vector<Place> places;
    const auto add = [&places](const std::string& path, std::uint64_t rights) {
        places.push_back({path, rights});
    };
    // The linker is executed with the program. Programs beside either can be executed, too, but
    // run as confined as we are.
    for (const std::string& directory : library_directories()) add(directory, read_file | execute);
    add(directory_of(real_path("/proc/self/exe")), read_file | execute);
    add("/dev/null", read_file | write_file);
    // A reload reads MIME types, users and the addresses of names; times have a zone.
    for (const char* path :
         {"/etc/mime.types", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/hosts",
          "/etc/host.conf", "/etc/resolv.conf", "/etc/gai.conf", "/etc/services", "/etc/localtime",
          "/usr/share/zoneinfo", "/etc/ld.so.cache", "/etc/ssl/openssl.cnf"})
        add(path, read_file);
    add("/sys/devices/system/cpu", readable);  // how many there are, asked for each new thread pool
    return places;
}

}  // namespace basehttp
