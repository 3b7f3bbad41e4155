#pragma once

#include <string_view>

namespace basehttp {

/// The style sheet of the HTML listing, between <style> and </style>. No image, font or script: the
/// icons are clipped boxes. clang-format leaves raw strings alone. A change here changes the hash
/// in listing_content_security_policy (listing_page.cpp); its test tells the new one.
inline constexpr std::string_view listing_style = R"css(
:root{color-scheme:light dark;--back:#fff;--text:#1c2127;--soft:#5d6873;--line:#e6eaee;--over:#f3f6f9;--link:#0a58ca;--seen:#6c4aa8;--folder:#dfa02f;--file:#a8b3bf}
@media(prefers-color-scheme:dark){:root{--back:#14171b;--text:#e4e8ec;--soft:#97a2ad;--line:#282e35;--over:#1c2127;--link:#82b6ff;--seen:#bda3f2;--folder:#d7a548;--file:#6b7682}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:62rem;padding:2.5rem 1.5rem 4rem;background:var(--back);color:var(--text);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:anywhere}
a{color:var(--link);text-decoration:none}
a:hover{text-decoration:underline}
a:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
h1{margin:0;padding:0 .75rem;font-size:1.5rem;line-height:1.3;font-weight:600}
h1 a{font-weight:400}
h1 a+a,h1 a+bdi{margin-left:.15em}
p{margin:.35rem 0 1.25rem;padding:0 .75rem;color:var(--soft);font-size:.9rem}
table{width:100%;border-collapse:collapse;table-layout:fixed;font-variant-numeric:tabular-nums}
th{padding:.5rem .75rem;border-bottom:1px solid var(--line);color:var(--soft);font-size:.8rem;font-weight:500;text-align:left}
td{padding:0 .75rem;border-bottom:1px solid var(--line);color:var(--soft);font-size:.9rem;white-space:nowrap;vertical-align:baseline}
td:first-child{color:var(--text);font-size:1rem;white-space:normal}
tr>:nth-child(2){width:7rem;text-align:right}
tr>:nth-child(3){width:11rem;text-align:right}
tbody tr:hover{background:var(--over)}
td>a,td>span{position:relative;display:block;padding:.45rem 0 .45rem 1.9rem}
td a:visited{color:var(--seen)}
td>a::before,td>span::before{content:"";position:absolute;left:.1rem;top:.8rem;width:.8rem;height:1rem;background:var(--file);clip-path:polygon(0 0,62% 0,62% 32%,100% 32%,100% 100%,0 100%)}
.d>a::before,.d>span::before{left:0;top:.85rem;width:1.1rem;height:.85rem;background:var(--folder);clip-path:polygon(0 8%,40% 8%,50% 22%,100% 22%,100% 100%,0 100%)}
.u>a::before{left:.05rem;top:.85rem;width:1rem;background:var(--soft);clip-path:polygon(50% 0,100% 50%,62% 50%,62% 85%,38% 85%,38% 50%,0 50%)}
@media(max-width:40rem){body{padding:1.5rem 1rem 3rem}h1{font-size:1.25rem}h1,p{padding:0}thead{display:none}table,tbody{display:block}tr{display:flex;flex-wrap:wrap;column-gap:.9rem;padding:.35rem 0 .5rem 1.9rem;border-bottom:1px solid var(--line)}tr>td,tr>:nth-child(2),tr>:nth-child(3){width:auto;padding:0;border:0;text-align:left;font-size:.82rem}tr>td:first-child{flex:0 0 100%;margin-left:-1.9rem;font-size:1rem}td:empty{display:none}td>a,td>span{padding-bottom:.1rem}}
)css";

}  // namespace basehttp
