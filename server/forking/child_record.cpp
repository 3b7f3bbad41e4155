#include "server/forking/child_record.hpp"

#include <cstring>
#include <mutex>
#include <set>
#include <type_traits>
#include <utility>
#include <vector>

namespace basehttp {
namespace {

/// Flags are numbers: a child that has lost its mind may send what is no bool.
struct End {
    std::uint64_t body_bytes = 0;
    std::int32_t status = 0;
    std::uint8_t close_connection = 0, cut_off = 0, log_access = 0;
};

std::string begin(RecordType type) { return std::string(1, static_cast<char>(type)); }

template <class Value>
void append(std::string& out, const Value& value) {
    static_assert(std::is_trivially_copyable_v<Value>);
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void append_text(std::string& out, std::string_view text) {
    append(out, static_cast<std::uint32_t>(text.size()));
    out.append(text);
}

/// Takes a value from the front of `in`. False: too short.
template <class Value>
bool take(std::string_view& in, Value& value) {
    if (in.size() < sizeof value) return false;
    std::memcpy(&value, in.data(), sizeof value);
    in.remove_prefix(sizeof value);
    return true;
}

bool take_text(std::string_view& in, std::string_view& text) {
    std::uint32_t size = 0;
    if (!take(in, size) || in.size() < size) return false;
    text = in.substr(0, size);
    in.remove_prefix(size);
    return true;
}

/// `name` for as long as the process lives: names of log fields are literals, of which a program
/// has few. Empty: there are too many for that.
std::string_view kept_name(std::string_view name) {
    constexpr std::size_t most = 256;
    static std::mutex mutex;
    static std::set<std::string, std::less<>>& names = *new std::set<std::string, std::less<>>;
    const std::lock_guard lock(mutex);
    const auto found = names.find(name);
    if (found != names.end()) return *found;
    if (names.size() >= most) return {};
    return *names.emplace(name).first;
}

std::optional<std::vector<LogField>> take_fields(std::string_view in) {
    std::vector<LogField> fields;
    while (!in.empty()) {
        std::string_view name, text;
        LogField field;
        if (!take_text(in, name) || !take_text(in, text) || !take(in, field.number)) return {};
        field.name = kept_name(name);
        field.text = text;
        if (!field.name.empty()) fields.push_back(std::move(field));
    }
    return fields;
}

}  // namespace

std::string file_record(const FileRecord& file) {
    std::string record = begin(RecordType::file);
    append(record, file);
    return record;
}

std::string event_record(LogLevel level, std::string_view text) {
    std::string record = begin(RecordType::event);
    append(record, level);
    record.append(text.substr(0, longest_record - record.size()));
    return record;
}

std::string end_record(const Request& request) {
    std::string record = begin(RecordType::end);
    append(record, End{request.body_bytes, request.status, request.close_connection,
                       request.cut_off, request.log_access});
    for (const LogField& field : request.log_fields) {
        std::string one;
        append_text(one, field.name);
        append_text(one, field.text);
        append(one, field.number);
        if (record.size() + one.size() <= longest_record) record += one;
    }
    return record;
}

std::optional<FileRecord> read_file_record(std::string_view content) {
    FileRecord file;
    if (!take(content, file) || !content.empty()) return {};
    return file;
}

std::optional<EventRecord> read_event_record(std::string_view content) {
    if (content.empty() || static_cast<unsigned char>(content[0]) >= int(LogLevel::off)) return {};
    return EventRecord{static_cast<LogLevel>(content[0]), content.substr(1)};
}

bool read_end_record(std::string_view content, Request& request) {
    End end;
    if (!take(content, end)) return false;
    auto fields = take_fields(content);
    if (!fields) return false;
    request.status = end.status;
    request.body_bytes = end.body_bytes;
    request.close_connection = end.close_connection != 0;
    request.cut_off = end.cut_off != 0;
    request.log_access = end.log_access != 0;
    request.log_fields = std::move(*fields);
    return true;
}

}  // namespace basehttp
