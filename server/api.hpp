// Marks what the shared library exports; everything else is hidden in it.
#pragma once

/// Before a free function, or between `class` and the name. Classes that have a member defined in a
/// .cpp, a virtual function or a base need it where others may use them. Templates and functions
/// that are defined in the header do not.
#define BASEHTTP_API [[gnu::visibility("default")]]
