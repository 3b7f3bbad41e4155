// A text that a handler class sets: usually a literal, sometimes made.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace basehttp {

/// Refers to a literal without copying it, and keeps a copy of any other text, so that none can
/// dangle.
class SettingText {
  public:
    /// A literal: it lives as long as the program.
    template <std::size_t size>
    constexpr SettingText(const char (&literal)[size]) : literal_(literal, size - 1) {}
    /// Any other text: copied.
    SettingText(std::string text) : text_(std::move(text)) {}
    /// Any other text: copied.
    SettingText(std::string_view text) : text_(text) {}
    /// A text that lives as long as the program.
    static SettingText lasting(std::string_view text) {
        SettingText made("");
        made.literal_ = text;
        return made;
    }

    /// The text, valid until this changes.
    std::string_view view() const { return text_.empty() ? literal_ : std::string_view(text_); }
    operator std::string_view() const { return view(); }  ///< As view().
    bool empty() const { return view().empty(); }         ///< Whether there is no text.

    /// As the text.
    template <class Stream>
    friend Stream& operator<<(Stream& out, const SettingText& text) {
        out << text.view();
        return out;
    }

  private:
    std::string_view literal_;
    std::string text_;
};

}  // namespace basehttp
