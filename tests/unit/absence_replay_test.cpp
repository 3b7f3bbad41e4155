#include "handlers/files/absence_replay.hpp"

#include <doctest/doctest.h>

#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/temp_dir.hpp"

using namespace basehttp;

namespace {

constexpr std::string_view head =
    "HTTP/1.1 404 Not Found\r\nDate: Sat, 01 Jan 2000 00:00:00 GMT\r\nContent-Length: 8\r\n";

std::shared_ptr<const StaticSite> site_in(const std::string& directory) {
    return std::make_shared<StaticSite>(DocumentRoot::open(directory));
}

AbsenceReplay absence(std::shared_ptr<const StaticSite> site,
                      std::vector<SiteLookup::Probe> probes) {
    return AbsenceReplay(std::move(site), 404, head, "nothing\n", std::move(probes));
}

/// What a look-up finds there now; the kernel has it in memory then, so that fresh() is sure.
SiteLookup::Probe probe_of(const StaticSite& site, const std::string& path) {
    const FoundFile found = site.root.stat(path);
    return {path, found.status, found.info};
}

}  // namespace

TEST_SUITE("AbsenceReplay") {
    TEST_CASE("It holds until something is found, or the directory is not there") {
        const TempDir directory;
        directory.mkdir("sub");
        const auto site = site_in(directory.str());
        const AbsenceReplay replay =
            absence(site, {probe_of(*site, "/sub/a.txt"), {"/sub/", OpenStatus::ok, {}}});
        CHECK(replay.fresh());
        directory.write("sub/other.txt", "x");
        CHECK(replay.fresh());
        directory.write("sub/a.txt", "x");
        CHECK_FALSE(replay.fresh());
        std::filesystem::remove_all(directory / "sub");
        CHECK_FALSE(replay.fresh());
    }

    TEST_CASE("It holds until the site's own page changes") {
        const auto etc = site_in("/etc");  // its files have not changed just now
        SiteLookup::Probe page = probe_of(*etc, "/passwd");
        REQUIRE(page.status == OpenStatus::ok);
        const SiteLookup::Probe nothing = probe_of(*etc, "/no-such-file");
        CHECK(absence(etc, {page, nothing}).fresh());
        ++page.info.size;
        CHECK_FALSE(absence(etc, {page, nothing}).fresh());
    }

    TEST_CASE("A page that was changed just now may change again without its time's telling") {
        const TempDir directory;
        const auto site = site_in(directory.str());
        directory.write("404.html", "nothing\n");
        const SiteLookup::Probe page = probe_of(*site, "/404.html");
        const AbsenceReplay replay = absence(site, {page});
        if (std::time(nullptr) <= page.info.ctime + 1) CHECK_FALSE(replay.fresh());
    }
}
