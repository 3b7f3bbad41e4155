#include "handlers/cgi/script_lookup.hpp"

#include <algorithm>

#include "handlers/cgi/script_names.hpp"
#include "handlers/files/site_lookup.hpp"
#include "handlers/http/url_path.hpp"

namespace basehttp {
namespace {

using Kind = ScriptTarget::Kind;

ScriptTarget error(int status) {
    ScriptTarget target;
    target.kind = Kind::error;
    target.status = status;
    return target;
}

ScriptTarget script(std::string path, std::string_view path_info, std::string_view interpreter) {
    ScriptTarget target;
    target.kind = Kind::script;
    target.path = std::move(path);
    target.path_info = path_info;
    target.interpreter = interpreter;
    return target;
}

std::string_view last_segment(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// The length of `cgi_directory` when `path` is it or below it, else npos.
std::size_t match_directory(std::string_view path, std::string_view cgi_directory) {
    if (cgi_directory == "/") return 0;
    const bool matches = path.starts_with(cgi_directory) &&
                         (path.size() == cgi_directory.size() || path[cgi_directory.size()] == '/');
    return matches ? cgi_directory.size() : std::string_view::npos;
}

/// A regular file in a directory for scripts.
ScriptTarget judge_file(const CgiSettings& cgi, std::string path, std::string_view path_info,
                        const FileInfo& info) {
    if (is_backup_name(last_segment(path))) return error(404);
    const std::string_view interpreter = interpreter_for(path, cgi.interpreters);
    constexpr unsigned executable = 0111;
    if (interpreter.empty() && (info.mode & executable) == 0) return error(403);
    return script(std::move(path), path_info, interpreter);
}

/// A directory stands for its index file if that is a script; it is never listed.
ScriptTarget find_index(const StaticSite& site, const CgiSettings& cgi, const std::string& path) {
    for (const std::string& name : site.index) {
        const FoundFile found = site.root.stat(path + name);
        if (found.status != OpenStatus::ok) continue;
        ScriptTarget target = judge_file(cgi, path + name, {}, found.info);
        if (target.kind == Kind::script) return target;
    }
    return error(403);
}

/// `begin` is where the first segment below the directory for scripts begins, at its '/'.
ScriptTarget find_in_cgi_directory(const StaticSite& site, const CgiSettings& cgi,
                                   const std::string& path, std::size_t begin) {
    std::size_t end = begin;
    while (end < path.size() && end + 1 < path.size()) {
        const std::size_t name = end + 1;
        end = std::min(path.find('/', name), path.size());
        if (path[name] == '.') return error(404);
        std::string prefix = path.substr(0, end);
        const FoundFile found = site.root.stat(prefix);
        if (found.status == OpenStatus::ok)
            return judge_file(cgi, std::move(prefix), std::string_view(path).substr(end),
                              found.info);
        if (found.status != OpenStatus::is_directory) return error(status_of_failure(found.status));
    }
    return path.back() == '/' ? find_index(site, cgi, path) : error(403);
}

/// What the static code would answer with may be a script: an index, or the page of an
/// application (site.spa).
ScriptTarget find_by_site(const StaticSite& site, const CgiSettings& cgi, const std::string& path) {
    const auto mapped = [&](const std::string& name) {
        return !interpreter_for(name, cgi.interpreters).empty();
    };
    const bool index = path.back() == '/' &&
                       std::any_of(site.index.begin(), site.index.end(),
                                   [&](const std::string& name) { return mapped("/" + name); });
    if (!index && !mapped(site.spa)) return {};
    const Resource resource = SiteLookup(site).find(path);
    if (resource.kind != Resource::Kind::file || !mapped(resource.path)) return {};
    return script(resource.path, {}, interpreter_for(resource.path, cgi.interpreters));
}

ScriptTarget find_mapped(const StaticSite& site, const CgiSettings& cgi, const std::string& path) {
    for (std::size_t end = 0; end + 1 < path.size();) {
        end = std::min(path.find('/', end + 1), path.size());
        const std::string_view prefix = std::string_view(path).substr(0, end);
        const std::string_view interpreter = interpreter_for(prefix, cgi.interpreters);
        const bool backup = interpreter.empty() && is_backup_of_script(prefix, cgi.interpreters);
        if (interpreter.empty() && !backup) continue;
        if (backup) return error(404);
        if (!site.dotfiles && is_hidden_path(prefix)) return error(404);
        const FoundFile found = site.root.stat(prefix);
        if (found.status == OpenStatus::ok)
            return script(std::string(prefix), std::string_view(path).substr(end), interpreter);
    }
    return find_by_site(site, cgi, path);
}

}  // namespace

bool ScriptTarget::is_nph() const { return last_segment(path).starts_with("nph-"); }

bool is_in_cgi_directory(std::string_view path, const CgiSettings& cgi) {
    return std::any_of(cgi.cgi_directories.begin(), cgi.cgi_directories.end(),
                       [path](const std::string& directory) {
                           return match_directory(path, directory) != std::string_view::npos;
                       });
}

ScriptTarget find_script(const StaticSite& site, const CgiSettings& cgi, const std::string& path) {
    for (const std::string& directory : cgi.cgi_directories) {
        const std::size_t begin = match_directory(path, directory);
        if (begin != std::string_view::npos) return find_in_cgi_directory(site, cgi, path, begin);
    }
    return cgi.interpreters.empty() ? ScriptTarget{} : find_mapped(site, cgi, path);
}

}  // namespace basehttp
