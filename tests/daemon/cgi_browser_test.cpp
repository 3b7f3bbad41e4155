// A form with a file, sent by a real browser to a script.
#include <cstdio>

#include "tests/support/cgi_site.hpp"

using namespace basehttp;

TEST_SUITE("daemon cgi browser") {
    TEST_CASE("A browser sends a form with a file to a script, and shows its answer") {
        if (!has_all({"chromium", "/usr/bin/perl", "/usr/share/perl5/CGI.pm"})) return;
        const CgiSite site;
        site.files().write("form.html",
                           "<!doctype html><title>Form</title>"
                           "<form method=post action=/cgi-bin/take.pl enctype=multipart/form-data>"
                           "<input id=title name=title><input id=file name=file type=file>"
                           "<button id=send>Send</button></form>");
        site.script("take.pl",
                    "#!/usr/bin/perl\n"
                    "use CGI; use Digest::MD5;\n"
                    "my $q = CGI->new; my $file = $q->upload('file');\n"
                    "my $sum = Digest::MD5->new->addfile($file)->hexdigest;\n"
                    "print $q->header('text/plain;charset=utf-8');\n"
                    "print join '|', $q->param('title'), $q->param('file'), $sum;\n");
        const TempDir place;
        std::string content;
        for (int i = 0; i < 300'000; ++i) content += std::to_string(i * 31) + '\n';
        const std::string file = place.write("two words.txt", content);
        const std::string sum = run_command("md5sum '" + file + "'", 10).out.substr(0, 32);

        const Daemon daemon({.root = site.root(), .ini = cgi_ini()});
        const Run page = run_command("python3 tests/daemon/browser_upload.py " + url_of(daemon) +
                                         "/form.html '" + file + "' 'title=5 > 3 & \xC3\xBC'",
                                     60);
        CAPTURE(page.out);
        CHECK(page.status == 0);
        CHECK(page.out == "5 > 3 & \xC3\xBC|two words.txt|" + sum + "\n");
    }
}
