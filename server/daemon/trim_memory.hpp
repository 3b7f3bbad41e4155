// What only starting needed is given back.
#pragma once

namespace basehttp {

/// Free memory goes back to the system, and the code of the program and its libraries is no longer
/// counted as ours until it runs again: it stays in the page cache, from where a first use costs
/// less than a microsecond. Most of it served loading, reading settings and opening logs.
void trim_memory();

}  // namespace basehttp
