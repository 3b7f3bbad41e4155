#include "handlers/forms/field_storage.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "handlers/base_http_request_handler.hpp"
#include "handlers/forms/multipart_parser.hpp"
#include "handlers/forms/part_header.hpp"
#include "handlers/forms/urlencoded_parser.hpp"
#include "handlers/http/query.hpp"

namespace basehttp {
namespace {

/// Keeps fields with their content.
class MemorySink final : public FieldSink {
  public:
    explicit MemorySink(std::vector<FormField>& fields) : fields_(fields) {}

    void begin_field(FieldHead head, std::uint64_t) override {
        fields_.push_back({std::move(head), {}});
    }
    void content(std::string_view bytes) override { content_.append(bytes); }
    void end_field() override { fields_.back().file = FormFile(std::exchange(content_, {})); }

  private:
    std::vector<FormField>& fields_;
    std::string content_;
};

/// Keeps fields, and of their content the place in the body.
class RegionSink final : public FieldSink {
  public:
    explicit RegionSink(std::vector<FormField>& fields) : fields_(fields) {}

    void begin_field(FieldHead head, std::uint64_t offset) override {
        fields_.push_back({std::move(head), {}});
        regions_.push_back({offset, 0});
    }
    void content(std::string_view bytes) override { regions_.back().size += bytes.size(); }
    void end_field() override {}

    /// `start`: where in `file` the form begins.
    void locate(const std::shared_ptr<const Fd>& file, std::uint64_t start) {
        for (std::size_t i = 0; i < regions_.size(); ++i)
            fields_[i].file = FormFile(file, start + regions_[i].offset, regions_[i].size);
    }

  private:
    struct Region {
        std::uint64_t offset, size;
    };
    std::vector<FormField>& fields_;
    std::vector<Region> regions_;
};

template <class Parser>
void feed_all(RequestBody& rfile, Parser& parser) {
    std::string buffer(std::size_t{32} << 10, '\0');
    while (const std::size_t count = rfile.readinto(buffer))
        parser.feed(std::string_view(buffer).substr(0, count));
    parser.finish();
}

/// A pointer to the first field of that name, or nullptr.
template <class Fields>
auto first_of(Fields& fields, std::string_view name) {
    for (auto& field : fields)
        if (field.name == name) return &field;
    return decltype(fields.data()){};
}

}  // namespace

std::string FormField::basename() const {
    std::string last = filename.value_or("");
    last.erase(0, last.find_last_of("/\\") + 1);  // npos + 1 is 0
    std::erase_if(last, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
    last.erase(0, std::min(last.find_first_not_of('.'), last.size()));
    return last;
}

FieldStorage::FieldStorage(BaseHTTPRequestHandler& handler, const FormLimits& limits) {
    if (handler.command == "GET" || handler.command == "HEAD")
        read_query(urllib::urlsplit(handler.path).query, limits);
    else
        read_body(handler.rfile, handler.headers.get("Content-Type", ""), limits);
}

FieldStorage::FieldStorage(RequestBody& rfile, std::string_view content_type,
                           const FormLimits& limits) {
    read_body(rfile, content_type, limits);
}

void FieldStorage::read_query(std::string_view query, const FormLimits& limits) {
    MemorySink sink(fields_);
    UrlencodedParser parser(limits, sink);
    parser.feed(query);
    parser.finish();
}

void FieldStorage::read_body(RequestBody& rfile, std::string_view content_type,
                             const FormLimits& limits) {
    const std::string type = media_type(content_type);
    if (type.empty() || type == "application/x-www-form-urlencoded") {
        MemorySink sink(fields_);
        UrlencodedParser parser(limits, sink);
        return feed_all(rfile, parser);
    }
    if (type != "multipart/form-data")
        throw FormError(415, "A form must be urlencoded or multipart/form-data");
    const std::optional<std::string> boundary = multipart_boundary(content_type);
    if (!boundary) throw FormError(400, "The Content-Type of the form has no good boundary");
    read_parts(rfile, *boundary, limits);
}

void FieldStorage::read_parts(RequestBody& rfile, const std::string& boundary,
                              const FormLimits& limits) {
    MemorySink memory(fields_);
    RegionSink regions(fields_);
    FieldSink& sink = rfile.file() ? static_cast<FieldSink&>(regions) : memory;
    MultipartParser parser(boundary, limits, sink);
    feed_all(rfile, parser);
    regions.locate(rfile.file(), rfile.size() - parser.position());
}

std::optional<std::string> FieldStorage::getvalue(std::string_view name) const {
    const FormField* field = find(name);
    return field == nullptr ? std::nullopt : std::optional(field->value());
}

std::string FieldStorage::getvalue(std::string_view name, std::string_view fallback) const {
    return getvalue(name).value_or(std::string(fallback));
}

std::vector<std::string> FieldStorage::getlist(std::string_view name) const {
    std::vector<std::string> values;
    for (const FormField& field : fields_)
        if (field.name == name) values.push_back(field.value());
    return values;
}

std::vector<std::string> FieldStorage::keys() const {
    std::vector<std::string> names;
    std::set<std::string_view> seen;
    for (const FormField& field : fields_)
        if (seen.insert(field.name).second) names.push_back(field.name);
    return names;
}

const FormField* FieldStorage::find(std::string_view name) const { return first_of(fields_, name); }

FormField* FieldStorage::find(std::string_view name) { return first_of(fields_, name); }

FormField& FieldStorage::operator[](std::string_view name) {
    if (FormField* field = find(name)) return *field;
    throw FormError(400, "The form has no field " + std::string(name));
}

std::vector<FormField*> FieldStorage::find_all(std::string_view name) {
    std::vector<FormField*> found;
    for (FormField& field : fields_)
        if (field.name == name) found.push_back(&field);
    return found;
}

}  // namespace basehttp
