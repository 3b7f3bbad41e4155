// Runs a fuzz target without libFuzzer, as an ordinary test under any compiler:
//     NAME_fuzzer FILE|DIRECTORY...
// Every input file as it is, then ROUNDS altered copies of it. The alterations are the same in
// each run, so a failure repeats; the input is written to a file before the target sees it only
// when that is asked for by FUZZ_KEEP=FILE, to find the one that crashes.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;
using namespace std::string_view_literals;
constexpr int ROUNDS = 1000;

/// xorshift64*: small, and the same on every machine.
class Random {
  public:
    std::size_t below(std::size_t bound) {
        state_ ^= state_ >> 12;
        state_ ^= state_ << 25;
        state_ ^= state_ >> 27;
        return bound == 0 ? 0
                          : static_cast<std::size_t>((state_ * 0x2545F4914F6CDD1D) >> 33) % bound;
    }

  private:
    std::uint64_t state_ = 0x9E3779B97F4A7C15;
};

/// Bytes that mean something to parsers of text.
constexpr std::string_view TELLING = "\0\r\n\t %/\\.,:;=-\"'#[]09afAF\x7f\x80\xc0\xe2\xff"sv;

void alter_once(std::string& text, const std::vector<std::string>& all, Random& random) {
    const std::size_t at = random.below(text.size() + 1);
    const std::size_t length = 1 + random.below(std::min<std::size_t>(text.size() - at + 1, 16));
    switch (random.below(7)) {
        case 0:
            text.insert(at, 1, TELLING[random.below(TELLING.size())]);
            break;
        case 1:
            text.erase(at, length);
            break;
        case 2:
            text.insert(at, std::string(text, at, length));
            break;
        case 3:
            text.resize(at);
            break;
        case 4:
            text.insert(at, 1 + random.below(300), TELLING[random.below(TELLING.size())]);
            break;
        case 5:
            if (at < text.size()) text[at] = static_cast<char>(random.below(256));
            break;
        default: {
            const std::string& other = all[random.below(all.size())];
            text.replace(at, std::string::npos, other, random.below(other.size() + 1));
        }
    }
}

void run(const std::string& text, const char* keep) {
    if (keep != nullptr) std::ofstream(keep, std::ios::binary) << text;
    // A copy of exactly this size, so that AddressSanitizer sees a read past the end.
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::vector<fs::path> input_files(int count, char** arguments) {
    std::vector<fs::path> files;
    for (int i = 1; i < count; ++i) {
        if (!fs::is_directory(arguments[i])) {
            files.emplace_back(arguments[i]);
            continue;
        }
        for (const auto& entry : fs::directory_iterator(arguments[i])) {
            if (entry.is_regular_file()) files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

}  // namespace

int main(int count, char** arguments) {
    std::vector<std::string> inputs;
    for (const fs::path& file : input_files(count, arguments)) {
        std::ifstream stream(file, std::ios::binary);
        inputs.emplace_back(std::istreambuf_iterator<char>(stream),
                            std::istreambuf_iterator<char>());
    }
    if (inputs.empty()) {
        std::fputs("no input: name files or directories of the corpus\n", stderr);
        return 1;
    }
    const char* keep = std::getenv("FUZZ_KEEP");
    Random random;
    for (const std::string& input : inputs) {
        run(input, keep);
        for (int round = 0; round < ROUNDS; ++round) {
            std::string text = input;
            for (std::size_t i = 0; i <= random.below(4); ++i) alter_once(text, inputs, random);
            run(text, keep);
        }
    }
    std::printf("%zu inputs, %zu runs\n", inputs.size(), inputs.size() * (ROUNDS + 1));
    return 0;
}
