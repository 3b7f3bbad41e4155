#include "config/config_check.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "config/config_reader.hpp"
#include "tests/support/settings_text.hpp"
#include "tests/support/temp_dir.hpp"

namespace basehttp {
namespace {

std::string refusal(const std::string& ini, const Arguments& arguments = {}) {
    return refusal_of([&] {
        const Parsed parsed = merge(ini, arguments);
        check_paths(parsed.config, parsed.provenance);
    });
}

TEST_SUITE_BEGIN("check_paths");

TEST_CASE("What scripts need must be there, and the line that names it is blamed") {
    const TempDir dir;
    const std::string file = dir.write("file", "").string();
    const std::string none = (dir / "none").string();
    struct Row {
        std::string ini;
        std::string refused;
    };
    const Row rows[] = {
        {"[cgi]\n.sh = /bin/sh\nsendfile = " + dir.str() + "\nsandbox_read = " + file +
             "\nsandbox_write = " + dir.str() + "\n",
         ""},
        {"[cgi]\n.PY = " + none + "\n", "x.ini:2: interpreter '" + none +
                                            "' of '.py' does not exist; install it or name another "
                                            "program"},
        {"[cgi]\n.py = " + dir.str() + "\n",
         "x.ini:2: interpreter '" + dir.str() + "' of '.py' is not a program; name another"},
        {"[cgi]\n.sh = /bin/sh\n.py = " + file + "\n",
         "x.ini:3: interpreter '" + file +
             "' of '.py' cannot be executed: Permission denied; change that or name another "
             "program"},
        {"[cgi]\n.py = " + file + "/x\n",
         "x.ini:2: interpreter '" + file +
             "/x' of '.py' cannot be used: Not a directory; change that or name another program"},
        {"[cgi]\nsendfile = " + none + "\n",
         "x.ini:2: sendfile '" + none + "' does not exist; create it or name another"},
        {"[cgi]\nsendfile = " + file + "\n",
         "x.ini:2: sendfile '" + file + "' is not a directory; name another"},
        {"[cgi]\nsandbox_read = " + none + "\n",
         "x.ini:2: sandbox_read '" + none + "' does not exist; create it or name another path"},
        {"[cgi]\nsandbox_write = " + file + "/x\n",
         "x.ini:2: sandbox_write '" + file +
             "/x' cannot be reached: Not a directory; change that or name another path"},
        {"[site a]\n[cgi a]\n.py = " + none + "\n",
         "x.ini:3: interpreter '" + none +
             "' of '.py' does not exist; install it or name another program"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.ini);
        CHECK(refusal(row.ini) == row.refused);
    }
    CHECK(refusal("", {"--cgi-interpreter", ".py /no/such"}) ==
          "basehttpd: interpreter '/no/such' of '.py' does not exist; install it or name another "
          "program");
}

TEST_CASE("A named site does not have the default site's tag, but its own or its first name") {
    const Parsed parsed = merge_config(
        "[site]\ntag = main\n[site a.example b.example]\n[site c.example]\ntag = see\n", "x.ini");
    check_tags(parsed.config, parsed.provenance);
    std::vector<std::string> tags;
    for (const SiteConfig& site : parsed.config.sites) tags.push_back(tag_of(site));
    CHECK(tags == std::vector<std::string>{"main", "a.example", "see"});
    CHECK(tag_of(SiteConfig{}) == "");
}

TEST_SUITE_END();

}  // namespace
}  // namespace basehttp
