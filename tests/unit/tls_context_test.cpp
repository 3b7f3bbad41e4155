#include "server/tls/tls_context.hpp"

#include <doctest/doctest.h>

#include <ostream>
#include <string>

#include "server/tls/tls_sites.hpp"
#include "tests/support/test_tls_certificates.hpp"

using namespace basehttp;

TEST_SUITE("TlsContext") {
    TEST_CASE("A certificate whose time is over or still to come is in trouble") {
        const struct {
            std::string name;
            int from, to;  // days from now
            std::string_view trouble;
        } rows[] = {
            {"valid", -1, 1, ""},
            {"expired", -2, -1, "has expired"},
            {"long-expired", -9000, -8000, "has expired"},
            {"early", 1, 2, "is not valid yet"},
            {"never", 2, -1, "has expired"},
            {"for-long", -9000, 20000, ""},  // past 2049, where the notation of dates changes
        };
        const TestCa ca;
        for (const auto& row : rows) {
            CAPTURE(row.name);
            const TlsFiles files = ca.issue(row.name, {.from = row.from, .to = row.to});
            TlsSettings settings;
            settings.certificates = {{files.certificate, files.key, ""}};
            CHECK(TlsSites(settings).fallback().date_trouble() == row.trouble);
        }
        TlsSettings self_signed;
        self_signed.self_signed = true;
        CHECK(TlsSites(self_signed).fallback().date_trouble() == "");
    }
}
