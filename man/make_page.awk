# Makes a man page: awk -v text=docs/configuration.md -v version=V -f make_page.awk PAGE.in
# Copies PAGE.in, and puts in place of a line
#   @settings@   the sections of configuration.md, with all settings, as basehttpd.ini(5) has them
#   @options@    the option of each setting, as basehttpd(8) has them
# A test keeps configuration.md in step with the program; these pages follow it.

/^@settings@$/ { settings_page(); next }
/^@options@$/  { options_page(); next }
               { gsub(/@version@/, version); print }

# For roff: what is typed as it is shown. Prose is left its hyphens.
function replace(s, what, by,    parts, count, i, out) {  # gsub differs in backslashes
    count = split(s, parts, what); out = parts[1]
    for (i = 2; i <= count; i++) out = out by parts[i]
    return out
}
function plain(s) { return replace(replace(s, "[\\\\]", "\\e"), "'", "\\(aq") }
function typed(s) {
    s = replace(replace(plain(s), "-", "\\-"), "`", "\\(ga")
    return replace(replace(s, "\\^", "\\(ha"), "~", "\\(ti")
}
function bold(s) { return "\\fB" s "\\fR" }
function italic(s) { return "\\fI" s "\\fR" }
function print_line(s) { print (s ~ /^[.']/ ? "\\&" s : s) }

# `code`, **bold**, *italic* and [text](page.md), which shows as page.md.
function inline(s,    parts, count, i, out) {
    count = split(s, parts, "`")
    for (i = 1; i <= count; i++) out = out (i % 2 ? prose(parts[i]) : bold(typed(parts[i])))
    return out
}
function prose(s,    at, link) {
    s = plain(s)
    while (match(s, /\[[^]]*\]\([^)]*\)/)) {
        at = RSTART; link = substr(s, at, RLENGTH)
        s = substr(s, 1, at - 1) shown(link) substr(s, at + length(link))
    }
    while (match(s, /\*\*[^*]*\*\*/))
        s = substr(s, 1, RSTART - 1) bold(substr(s, RSTART + 2, RLENGTH - 4)) substr(s, RSTART + RLENGTH)
    while (match(s, /\*[^*]*\*/))
        s = substr(s, 1, RSTART - 1) italic(substr(s, RSTART + 1, RLENGTH - 2)) substr(s, RSTART + RLENGTH)
    return s
}
function shown(link,    page) {
    page = link; sub(/^[^(]*\(/, "", page); sub(/[#)].*$/, "", page); sub(/.*\//, "", page)
    if (page != "") return italic(page)
    sub(/^\[/, "", link); sub(/\].*/, "", link); return link
}

# A row of a table of settings: fills key, value, range, options, meaning.
function is_setting(line,    cells, i) {
    if (line !~ /^\| `/ || split(line, cells, "|") != 7) return 0
    for (i in cells) gsub(/^ +| +$/, "", cells[i])
    key = cells[2]; value = cells[3]; range = cells[4]; options = cells[5]; meaning = cells[6]
    return 1
}
function variable(    name) {
    name = options; sub(/^`--/, "", name); sub(/`.*/, "", name); gsub(/-/, "_", name)
    return bold("BASEHTTPD_" toupper(name))
}
# What stands after an option: on|off, n, size, time, a|b, directory.
function placeholder(    word) {
    word = range; gsub(/`/, "", word)
    if (word == "switch") return bold("on") "|" bold("off")
    if (word ~ /^[0-9]+[a-z]* to /) return italic(word ~ /h(,|$)/ ? "time" : word ~ /[kmg](,|$)/ ? "size" : "n")
    if (range !~ /^`\./) gsub(/, /, "|", word)
    return italic(typed(word))
}

function settings_page(    line, block) {
    while ((getline line < text) > 0) {
        if (line ~ /^## /) started = 1
        if (!started || line ~ /^\| (key|---)/) continue
        if (block == "code" && line !~ /^(    |$)/) { print ".EE\n.RE"; block = "text" }
        if (line == "") {
            if (block == "code") blank = 1
            else if (block != "head") block = "gap"
        } else if (line ~ /^## /) {
            print ".SH " inline(substr(line, 4)); block = "head"
        } else if (is_setting(line)) {
            print ".TP\n" inline(key); print_line(inline(meaning))
            print ".br\nDefault " inline(value) "; values: " inline(range) "."
            print ".br\nOption " inline(options) "; variable " variable() "."; block = "item"
        } else if (line ~ /^    / && block != "item") {
            if (block != "code") print (block == "head" ? "" : ".PP\n") ".RS 4\n.EX"
            else if (blank) print ""
            print_line(typed(substr(line, 5))); block = "code"; blank = 0
        } else if (line ~ /^- /) {
            print ".IP \\(bu 2"; print_line(inline(substr(line, 3))); block = "item"
        } else {
            if (block == "gap" || block == "text") print ".PP"
            sub(/^ +/, "", line); print_line(inline(line)); if (block != "item") block = "running"
        }
    }
    if (block == "code") print ".EE\n.RE"
}

function options_page(    line) {
    while ((getline line < text) > 0) {
        if (line ~ /^## \[/) title = "Section " substr(line, 4)
        if (!is_setting(line)) continue
        if (title != "") { print ".SS " title; title = "" }
        print ".TP\n" inline(options) " " placeholder(); print_line(inline(meaning))
        print "(default " inline(value) ")"
    }
}
