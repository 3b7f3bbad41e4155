#pragma once

#include <string_view>

// What a client is willing to take: Accept-Encoding and Accept (RFC 9110 section 12.5). Values of
// several field lines are joined with ", " by the caller.
namespace basehttp {

enum Coding : unsigned { gzip = 1, brotli = 2, zstd = 4, identity_refused = 8 };

// The content codings that the client accepts (weight above 0, named or by "*") as a mask of
// Coding. x-gzip is gzip. identity_refused: the plain representation is not acceptable, by
// "identity;q=0" or by "*;q=0" without a word about identity. An element with a malformed weight is
// ignored; a coding named twice is refused when one of them says q=0. An empty value gives 0; so
// should the caller take an absent field: nothing but identity.
unsigned accepted_codings(std::string_view accept_encoding);

// application/json is named, with a weight higher than that of text/html; where HTML is meant by
// text/* or */* only, an equal weight will do, as scripts send "application/json, */*". So "*/*"
// alone, and a tie with text/html itself, mean HTML. Malformed elements are ignored.
bool prefers_json(std::string_view accept);

}  // namespace basehttp
