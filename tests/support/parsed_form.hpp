// A form as its parser tells it, for tests that care how the body is cut into pieces.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "handlers/forms/multipart_parser.hpp"
#include "handlers/forms/urlencoded_parser.hpp"

namespace basehttp {

struct ParsedField {
    FieldHead head;
    std::uint64_t offset = 0;
    std::string content;
    bool complete = false;

    bool operator==(const ParsedField&) const = default;
};

struct ParsedForm final : FieldSink {
    std::vector<ParsedField> fields;
    int code = 0;  ///< Of the error that ended it; 0: none.
    std::string message;

    void begin_field(FieldHead head, std::uint64_t offset) override {
        fields.push_back({std::move(head), offset, {}, false});
    }
    void content(std::string_view bytes) override { fields.back().content += bytes; }
    void end_field() override { fields.back().complete = true; }

    /// "a=1 b=2", or the error.
    std::string summary() const {
        if (code != 0) return std::to_string(code) + ' ' + message;
        std::string text;
        for (const ParsedField& field : fields)
            text += (text.empty() ? "" : " ") + field.head.name + '=' + field.content;
        return text;
    }
};

template <class Parser>
void feed_in_pieces(Parser parser, ParsedForm& form, std::string_view body, std::size_t piece) {
    try {
        for (; !body.empty(); body.remove_prefix(std::min(piece, body.size())))
            parser.feed(body.substr(0, piece));
        parser.finish();
    } catch (const FormError& error) {
        form.code = error.code();
        form.message = error.what();
    }
}

inline ParsedForm parse_multipart(std::string_view body, std::string_view boundary = "b",
                                  const FormLimits& limits = {}, std::size_t piece = SIZE_MAX) {
    ParsedForm form;
    feed_in_pieces(MultipartParser(boundary, limits, form), form, body, piece);
    return form;
}

inline ParsedForm parse_urlencoded(std::string_view body, const FormLimits& limits = {},
                                   std::size_t piece = SIZE_MAX) {
    ParsedForm form;
    feed_in_pieces(UrlencodedParser(limits, form), form, body, piece);
    return form;
}

}  // namespace basehttp
