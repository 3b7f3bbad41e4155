// A form, however it is sent: fields and uploaded files through FieldStorage, within limits. A form
// that breaks a limit, or is none, is answered by what FieldStorage throws: 413, 400 or 415.
//
//   Run:  post_form [PORT]
//   Try:  curl -F name=Ada -F 'file=@photo.jpg' http://127.0.0.1:8000/    or a browser
#include <basehttp/basehttp.hpp>
#include <iostream>
#include <sstream>

using namespace basehttp;

static constexpr std::string_view page = R"(<!DOCTYPE html><title>A form</title>
<form method="post" enctype="multipart/form-data">
<p><label>Name <input name="name"></label>
<p><label>Files <input type="file" name="file" multiple></label>
<p><button>Send</button>
</form>
)";

struct PostHandler : BaseHTTPRequestHandler {
    using BaseHTTPRequestHandler::BaseHTTPRequestHandler;

    void do_GET() override { send_text(200, page, "text/html; charset=utf-8"); }

    void do_POST() override {
        FieldStorage form(*this, {.fields = 20, .files = 5, .file_bytes = 1 << 20});
        std::ostringstream answer;
        answer << "Hello " << form.getvalue("name", "stranger") << "\n";
        for (FormField& field : form) {
            if (field.is_file())  // field.file.save(directory + field.basename()) would keep it
                answer << field.name << ": the file " << field.basename() << " (" << field.type
                       << "), " << field.size() << " bytes, begins with "
                       << json_quote(field.file.read(16)) << "\n";
            else
                answer << field.name << " = " << field.value() << "\n";
        }
        send_text(200, answer.str());
    }
};

int main(int argc, char** argv) {
    const auto port = static_cast<std::uint16_t>(argc > 1 ? std::stoi(argv[1]) : 8000);
    ThreadingHTTPServer server({"127.0.0.1", port}, handler_class<PostHandler>());
    server.settings.body = 8 << 20;  // bytes of a whole form; past 64 KiB it goes to a file
    std::cout << "Serving on " << server.url() << std::endl;
    server.serve_forever();
}
