// Settings of TLS that do not fit together, and files that are not there.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "config/config_reader.hpp"
#include "config/tls_check.hpp"
#include "tests/support/settings_text.hpp"
#include "tests/support/temp_dir.hpp"

namespace basehttp {
namespace {

Config config_of(const std::string& ini, const Arguments& arguments = {}) {
    const Parsed parsed = merge(ini, arguments);
    check_tls(parsed.config, parsed.provenance);
    return parsed.config;
}

std::string refusal(const std::string& ini, const Arguments& arguments = {}) {
    return refusal_of([&] { config_of(ini, arguments); });
}

struct Row {
    std::string ini;
    std::string refused;
};

void check_rows(const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        CAPTURE(row.ini);
        CHECK(refusal(row.ini) == row.refused);
    }
}

TEST_SUITE_BEGIN("check_tls");

TEST_CASE("What only TLS can give is refused without it") {
    const std::string add =
        " means nothing without TLS; name a certificate in [tls] or with --tls-cert, or try --tls "
        "self-signed";
    check_rows({
        {"[tls]\nport = 443\n", "x.ini:2: port '443'" + add},
        {"[tls]\nkey = /k\n", "x.ini:2: key '/k'" + add},
        {"[tls]\npassword_file = /p\n", "x.ini:2: password_file '/p'" + add},
        {"[tls]\nclient = required\nclient_ca = /c\n", "x.ini:2: client 'required'" + add},
        {"[tls]\nclient_ca = /c\n", "x.ini:2: client_ca '/c'" + add},
        {"[tls]\nredirect = on\n", "x.ini:2: redirect 'on'" + add},
        {"[tls]\nhsts = 60\n", "x.ini:2: hsts '1m'" + add},
        {"[site a]\n[tls a]\nhsts = 60\n", "x.ini:3: hsts '1m' of site 'a'" + add},
        {"[tls]\nmin_version = 1.3\nciphers = A\ntickets = off\nsession_timeout = 1\n", ""},
    });
    CHECK(refusal("", {"--tls-port", "443"}) == "basehttpd: --tls-port '443'" + add);
}

TEST_CASE("A certificate of a site alone is refused: clients that name no site need one") {
    check_rows({{"[site a b]\n[tls b]\ncertificate = /etc/passwd\n",
                 "x.ini:3: certificate '/etc/passwd' of site 'a' is not enough: clients that name "
                 "no site need one, too; name a certificate in [tls]"}});
    CHECK(refusal("[site a]\n[tls a]\ncertificate = /etc/passwd\n",
                  {"--tls-cert", "/etc/passwd"}) == "");
}

TEST_CASE("Turned off, all of [tls] counts for nothing") {
    const std::string ini =
        "[tls]\ncertificate = /no/such\nkey = /a\nkey = /b\nclient = required\nport = 8000\n"
        "redirect = on\n[site a]\n[tls a]\ncertificate = /no/such\n";
    CHECK(refusal(ini, {"--tls", "off"}) == "");
    CHECK(refusal(ini) != "");
}

TEST_CASE("Self-signed, certificates are not used, and all else must be right") {
    const std::string ini = "[tls]\ncertificate = /no/such\nkey = /a\nkey = /b\n";
    CHECK(refusal(ini, {"--tls", "self-signed"}) == "");
    CHECK(refusal("[site a]\n[tls a]\ncertificate = /no\n", {"--tls", "self-signed"}) == "");
    CHECK(refusal(ini + "redirect = on\n", {"--tls", "self-signed"}) ==
          "x.ini:5: redirect 'on' has no plain HTTP to redirect: every port speaks TLS; name "
          "another for that with port in [tls] or --tls-port");
    CHECK(refusal(ini + "redirect = on\nport = 8443\n", {"--tls", "self-signed"}) == "");
}

TEST_CASE("There are as many keys as certificates, or none") {
    const std::string two = "[tls]\ncertificate = /etc/passwd\ncertificate = /etc/os-release\n";
    check_rows({
        {two, ""},
        {two + "key = /etc/passwd\nkey = /etc/passwd\n", ""},
        {two + "key = /etc/passwd\n",
         "x.ini:4: key '/etc/passwd' is the last: keys 1, certificates 2; name a key for each, in "
         "the same order, or none if their files hold them"},
        {two + "key = /1\nkey = /2\nkey = /3\n",
         "x.ini:6: key '/3' is the last: keys 3, certificates 2; name a key for each, in the same "
         "order, or none if their files hold them"},
        {two + "[site a]\n[tls a]\ncertificate =\nkey = /1\n",
         "x.ini:6: certificate '' of site 'a' leaves the site none; name one, or leave the line "
         "out to take over those of [tls]"},
        {two + "key = /etc/passwd\nkey = /etc/passwd\n[site a]\n[tls a]\ncertificate = "
               "/etc/passwd\n",
         ""},
    });
}

TEST_CASE("Certificates of clients and their authorities come together") {
    const std::string on = "[tls]\ncertificate = /etc/passwd\n";
    const std::string needs =
        " needs client_ca, the file of the authorities that sign the certificates of clients";
    check_rows({
        {on + "client = required\nclient_ca = /etc/passwd\n", ""},
        {on + "client = required\n", "x.ini:3: client 'required'" + needs},
        {on + "client = optional\nclient_ca =\n", "x.ini:3: client 'optional'" + needs},
        {on + "[site a]\n[tls a]\nclient = optional\n",
         "x.ini:5: client 'optional' of site 'a'" + needs},
        {on + "client_ca = /etc/passwd\n",
         "x.ini:3: client_ca '/etc/passwd' asks no client for a certificate; set client to "
         "optional or required, too"},
        {on + "client_ca = /etc/passwd\n[site a]\n[tls a]\nclient = required\n", ""},
        {on + "client_ca = /etc/passwd\nclient = required\n[site a]\n[tls a]\nclient = off\n", ""},
    });
}

TEST_CASE("A redirect needs a plain port beside that of TLS") {
    const std::string on = "[tls]\ncertificate = /etc/passwd\n";
    const std::string why =
        " has no plain HTTP to redirect: every port speaks TLS; name another for that with port "
        "in [tls] or --tls-port";
    check_rows({
        {on + "redirect = on\nport = 443\n", ""},
        {on + "redirect = on\n", "x.ini:3: redirect 'on'" + why},
        {on + "[site a]\n[tls a]\nredirect = on\n", "x.ini:5: redirect 'on' of site 'a'" + why},
        {on + "redirect = on\nport = 443\n[site a]\n[tls a]\nredirect = off\n", ""},
    });
}

TEST_CASE("The port of TLS is no port of plain HTTP, and some address has it") {
    const std::string on = "[tls]\ncertificate = /etc/passwd\nport = 8443\n";
    const std::string same =
        "x.ini:3: port '8443' is the port of plain HTTP, too; choose another, or name none here "
        "and that port speaks TLS";
    check_rows({
        {on, ""},
        {on + "[server]\nport = 8443\n", same},
        {on + "[server]\nbind = 127.0.0.1:8443\n", same},
        {on + "[server]\nbind = [::1]:8443\n", same},
        {on + "[server]\nbind = ::1 *\nport = 8443\n", same},
        {on + "[server]\nbind = [::1]\nport = 8443\n", same},
        {on + "[server]\nbind = ::8443 [::8443] 127.0.0.1:80\nport = 80\n", ""},
        {on + "[server]\nbind = 127.0.0.1:80 unix:/a:8443\nport = 8443\n", ""},
        {on + "[server]\nbind = unix:/a unix:/b\n",
         "x.ini:3: port '8443' has no address: unix: sockets stay plain; name one with bind, too"},
        {"[server]\nport = 0\n[tls]\ncertificate = /etc/passwd\nport = 0\n", ""},
        {"[server]\nbind = *:0\n[tls]\ncertificate = /etc/passwd\nport = 0\n", ""},
        {"[server]\nport = 443\n[tls]\ncertificate = /etc/passwd\n", ""},
    });
}

TEST_CASE("Strict-Transport-Security comes from hsts or from a header, not from both") {
    const std::string on = "[tls]\ncertificate = /etc/passwd\nhsts = 60\n";
    check_rows({
        {on + "[site]\nheader = strict-transport-security: max-age=1\n",
         "x.ini:3: hsts '1m' sends Strict-Transport-Security, and a header of [site] does, too; "
         "remove one of them"},
        {on + "[site a]\nheader = Strict-Transport-Security: max-age=1\n[tls a]\nhsts = 0\n", ""},
    });
}

TEST_CASE(
    "The files of [tls] must be there and open to us, and the line that names one is blamed") {
    const TempDir dir;
    const std::string none = (dir / "none").string();
    const std::string pem = dir.write("pem", "").string();
    const std::string on = "[tls]\ncertificate = " + pem + "\n";
    const std::string missing = "'" + none + "' does not exist; create it or name another";
    check_rows({
        {on + "key = " + pem + "\npassword_file = " + pem + "\n", ""},
        {"[tls]\ncertificate = " + none + "\n", "x.ini:2: certificate " + missing},
        {on + "key = " + none + "\n", "x.ini:3: key " + missing},
        {on + "password_file = " + none + "\n", "x.ini:3: password_file " + missing},
        {on + "client = optional\nclient_ca = " + none + "\n", "x.ini:4: client_ca " + missing},
        {on + "[site a]\n[tls a]\ncertificate = " + none + "\n",
         "x.ini:5: certificate '" + none +
             "' of site 'a' does not exist; create it or name another"},
        {"[tls]\ncertificate = " + dir.str() + "\n",
         "x.ini:2: certificate '" + dir.str() + "' is not a file; name another"},
        {"[tls]\ncertificate = " + pem + "/x\n",
         "x.ini:2: certificate '" + pem +
             "/x' cannot be read: Not a directory; change that or name another"},
    });
    CHECK(refusal("", {"--tls-cert", none.c_str()}) == "basehttpd: --tls-cert " + missing);
    CHECK(refusal("[tls]\nmode = self-signed\nclient = optional\nclient_ca = " + none + "\n") ==
          "x.ini:4: client_ca " + missing);
}

TEST_CASE("A private key that every user may read is found, once") {
    const TempDir dir;
    const std::string open = dir.write("open", "").string();
    const std::string closed = dir.write("closed", "").string();
    REQUIRE(::chmod(open.c_str(), 0644) == 0);
    REQUIRE(::chmod(closed.c_str(), 0640) == 0);
    const auto found = [](const std::string& ini) { return keys_open_to_others(config_of(ini)); };
    const std::string site = "[site a]\n[tls a]\nhsts = 1\n";
    CHECK(found("[tls]\ncertificate = " + open + "\n" + site) == Texts{open});
    CHECK(found("[tls]\ncertificate = " + closed + "\n" + site) == Texts{});
    CHECK(found("[tls]\ncertificate = " + open + "\nkey = " + closed + "\n") == Texts{});
    CHECK(found("[tls]\ncertificate = " + closed + "\nkey = " + open + "\n") == Texts{open});
    CHECK(found("[tls]\ncertificate = " + open + "\nmode = off\n") == Texts{});
    CHECK(found("[tls]\ncertificate = " + open + "\nmode = self-signed\n") == Texts{});
}

TEST_SUITE_END();

}  // namespace
}  // namespace basehttp
