// Writes the test cases of this program as commands for ctest:
//     PROGRAM --list-test-cases --reporters=ctest --out=FILE
// FILE is included by the list that tests/CMakeLists.txt writes, which sets ${program}, ${suffix}
// (of the names) and ${properties}. Used instead of doctest_discover_tests because names may hold commas, brackets
// and quotes here, and the suite is part of the name.
#include <doctest/doctest.h>

#include <cstdlib>
#include <iostream>
#include <set>
#include <string>
#include <string_view>

namespace {

/// A CMake bracket argument: nothing inside it is interpreted.
std::string bracket(std::string_view text) { return "[====[" + std::string(text) + "]====]"; }

/// A doctest filter that means this text: a bare comma would begin a second filter.
std::string filter(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == ',' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

class CtestReporter : public doctest::IReporter {
  public:
    explicit CtestReporter(const doctest::ContextOptions& options) : out_(*options.cout) {}

    void report_query(const doctest::QueryData& query) override {
        for (unsigned i = 0; i < query.num_data; ++i) write(*query.data[i]);
        out_.flush();
    }

    void test_run_start() override {}
    void test_run_end(const doctest::TestRunStats&) override {}
    void test_case_start(const doctest::TestCaseData&) override {}
    void test_case_reenter(const doctest::TestCaseData&) override {}
    void test_case_end(const doctest::CurrentTestCaseStats&) override {}
    void test_case_exception(const doctest::TestCaseException&) override {}
    void subcase_start(const doctest::SubcaseSignature&) override {}
    void subcase_end() override {}
    void log_assert(const doctest::AssertData&) override {}
    void log_message(const doctest::MessageData&) override {}
    void test_case_skipped(const doctest::TestCaseData&) override {}

  private:
    void write(const doctest::TestCaseData& test) {
        const std::string suite = test.m_test_suite;
        const std::string name = suite.empty() ? test.m_name : suite + ": " + test.m_name;
        if (!names_.insert(name).second) {
            std::cerr << test.m_file.c_str() << ':' << test.m_line
                      << ": a second test case named \"" << name << "\"\n";
            std::exit(1);
        }
        out_ << "set(name " << bracket(name) << ")\nadd_test(\"${name}${suffix}\" ${program}"
             << " --case-sensitive " << bracket("--test-case=" + filter(test.m_name));
        if (!suite.empty()) out_ << ' ' << bracket("--test-suite=" + filter(suite));
        out_ << ")\nset_tests_properties(\"${name}${suffix}\" PROPERTIES ${properties})\n";
    }

    std::ostream& out_;
    std::set<std::string> names_;
};

REGISTER_REPORTER("ctest", 1, CtestReporter);

}  // namespace
